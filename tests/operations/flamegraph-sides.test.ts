import { describe, expect, test } from "vitest";
import { parseDuration } from "../../config/units";
import type { Way } from "../../operations/flamegraph/options";
import { nothing, sidesOfLabel, sidesOfTimes, type Subject } from "../../operations/flamegraph/sides";
import { Pyroscope } from "../../operations/verify/pyroscope";
import type { HttpRequest } from "../../operations/verify/http";
import { answer } from "./answers";
import { encodeProfile } from "./profiles";

const now = Date.UTC(2026, 10, 25, 12);
const range = { start: now - 900_000, end: now };
const way = { service: { name: "soar-run", interval: 60 }, kind: "cpu" } as unknown as Way;

/** When the profiles of a value of the label are, in seconds before now; each has ten samples. */
type Stored = Record<string, number[]>;

interface Query {
  labelSelector: string;
  groupBy: string[];
  start: number;
  end: number;
}

/** A Pyroscope with profiles whose label `version` has these values. */
function subjectWith(stored: Stored): Subject {
  const profile = encodeProfile(["cpu/nanoseconds"], [{ functions: ["soar::run"], values: [1e9] }]);
  const series = ({ labelSelector, groupBy, start, end }: Query): object => {
    const wanted = /version="([^"]*)"/.exec(labelSelector)?.[1];
    const parts = Object.entries(stored).filter(([value]) => wanted === undefined || value === wanted);
    const points = (seconds: number[]): object[] =>
      seconds
        .map((before) => ({ timestamp: String(now - before * 1000), value: 10 }))
        .filter(({ timestamp }) => Number(timestamp) >= start && Number(timestamp) <= end);
    const all = groupBy.length === 0 ? ([["", parts.flatMap(([, times]) => times)]] as const) : parts;
    return {
      series: all
        .map(([value, times]) => ({
          labels: value === "" ? [] : [{ name: "version", value }],
          points: points([...times]),
        }))
        .filter((one) => one.points.length > 0),
    };
  };
  const http = {
    ask: (requests: readonly HttpRequest[]) =>
      Promise.resolve(
        requests.map(({ url, body }) => {
          if (url.endsWith("/SelectMergeProfile")) return answer(profile);
          if (url.endsWith("/LabelNames"))
            return answer('{"names":["__name__","environment","service_name","version"]}');
          return answer(JSON.stringify(series(JSON.parse(String(body)) as Query)));
        }),
      ),
  };
  const pyroscope = new Pyroscope(http, { url: "http://127.0.0.1:4040" });
  return { pyroscope, way, labels: { service_name: "soar-run", environment: "production" } };
}

describe("what is compared", () => {
  test("by time is the last time with the one before it", async () => {
    const subject = subjectWith({ a: [30, 90, 950, 1000, 4400, 4600] });
    const [before, last] = await sidesOfTimes(subject, parseDuration("15m"), parseDuration("1h"), now);
    expect([last.name, last.seconds, last.merged.profiles, last.merged.samples]).toEqual(
      ["the last 15m", 900, 2, 20], // prettier-ignore
    );
    expect([before.name, Math.round(before.seconds), before.merged.profiles]).toEqual(
      ["the 1h before", 3_600, 3], // prettier-ignore
    );
  });

  test("by time is refused where one of the two has no profiles", async () => {
    const hour = parseDuration("1h");
    await expect(sidesOfTimes(subjectWith({ a: [30] }), hour, hour, now)).rejects.toThrow(
      "Pyroscope has no cpu profiles of soar-run of the 1h before: look at another time",
    );
  });

  test("by a label are its values with the newest profiles, and how long they were there", async () => {
    const subject = subjectWith({ old: [800, 740], new: [120, 60], none: [], newer: [90, 30], "": [1] });
    const [before, last] = await sidesOfLabel(subject, "version", range, "the last 15m");
    expect([before, last].map(({ name, seconds }) => [name, seconds])).toEqual([
      ["version new", 120],
      ["version newer", 120],
    ]);
    expect(last.merged.samples).toBe(20);
  });

  test("by a label is refused with the values or the labels that there are", async () => {
    const compare = (stored: Stored, label = "version") =>
      sidesOfLabel(subjectWith(stored), label, range, "the last 15m");
    await expect(compare({ "v1.0": [30] })).rejects.toThrow(
      "There are no two values of version to compare in the last 15m: soar-run has v1.0 only; look further back with --since",
    );
    await expect(compare({ "v1.0": [30] }, "ref")).rejects.toThrow(
      "No cpu profile of soar-run of the last 15m has a label ref; they have environment, service_name, version",
    );
    await expect(compare({ "v1.0": [5_000] })).rejects.toThrow(
      nothing(subjectWith({}), "the last 15m").message,
    );
  });
});
