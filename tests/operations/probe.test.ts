import { describe, expect, test, vi } from "vitest";
import { decodeProfile, labelCounts } from "../../operations/verify/decode";
import type { HttpAnswer } from "../../operations/verify/http";
import { probe, resultOf } from "../../operations/verify/probe";
import { judgeProbe } from "../../operations/verify/probe-check";
import { largeProbe, smallProbe } from "../../operations/verify/probe-profile";
import { parseGraph, type Pyroscope, type Question } from "../../operations/verify/pyroscope";
import { recorded } from "./answers";

const now = Date.UTC(2026, 10, 25);
const limits = { bytes: 4 * 2 ** 20, samples: Infinity };

describe("the probe's profiles", () => {
  test.each([
    ["cpu", smallProbe("cpu", now), 100],
    ["heap", smallProbe("heap", now), 50 * 2 ** 20],
    ["large", largeProbe(limits, now), 15_900],
  ])(
    "%s: what it says of itself is what is in it, of three threads",
    (_, { gzipped, size, total, ofThread }, sum) => {
      const decoded = decodeProfile(gzipped);
      expect(total).toBe(sum);
      expect(decoded.size).toBe(size);
      expect(decoded.samples.reduce((all, { values: [first = 0] }) => all + first, 0)).toBe(total);
      expect(Object.values(ofThread).map((amount) => amount / total)).toEqual([0.6, 0.3, 0.1]);
      expect(labelCounts(decoded)).toEqual({ thread: 3 });
    },
  );

  test.each([limits, { bytes: 2 ** 20, samples: 16_000 }, { bytes: 3 * 2 ** 20, samples: 4_000 }])(
    "the large one is near %j, and small when it travels",
    (of) => {
      const { size, gzipped, total } = largeProbe(of, now);
      expect(size).toBeLessThanOrEqual(of.bytes);
      expect(size).toBeGreaterThan(0.87 * of.bytes);
      expect(total).toBeLessThanOrEqual(of.samples);
      expect(gzipped.length).toBeLessThan(64 * 1024);
    },
  );
});

test("what goes to Alloy has no environment, and is asked for with it", async () => {
  const asked: Record<string, string[]> = { pyroscope: [], alloy: [] };
  const answering = (name: string): Pyroscope => {
    const ask = (questions: readonly Question[]): Promise<HttpAnswer[]> => {
      asked[name]?.push(...questions.map(({ path, body }) => `${path} ${JSON.stringify(body)}`));
      return Promise.resolve(questions.map(() => recorded("pyroscope-1.21.1-graph.json")));
    };
    return { ask } as unknown as Pyroscope;
  };
  // What comes back is not all that was sent: one round of questions is enough here.
  vi.spyOn(Date, "now").mockReturnValueOnce(now).mockReturnValueOnce(0).mockReturnValue(now);
  const of = { bytes: 2 ** 20, samples: 1_000, labels: 100 };
  const results = await probe(answering("pyroscope"), "staging", of, answering("alloy"));
  vi.restoreAllMocks();
  expect(results.map(({ name, sent }) => `${name} ${sent}`).at(-1)).toBe("push 100");
  const pushes = (name: string): string[] => asked[name]?.filter((one) => one.startsWith("/push.")) ?? [];
  expect([pushes("pyroscope").length, pushes("alloy").length, asked["alloy"]?.length]).toEqual([3, 1, 1]);
  for (const push of pushes("pyroscope")) expect(push).toContain('{"name":"environment","value":"staging"}');
  expect(pushes("alloy")[0]).toContain('{"name":"service_name","value":"soar-profiling-probe"}');
  expect(pushes("alloy")[0]).not.toContain("environment");
  expect(asked["pyroscope"]?.at(-1)).toMatch(/environment=.+staging.+probe=.+-push/);
});

describe("what comes back of it", () => {
  const result = (file: string) => resultOf("cpu", smallProbe("cpu", now), parseGraph(recorded(file)));

  test("is all of it, from Pyroscope 1.21.1", () => {
    expect(judgeProbe([result("pyroscope-1.21.1-graph.json")], "1.21.1")).toEqual([
      { name: "probe cpu", state: "ok", detail: "100 samples of a profile of 2.5 KiB, all that was sent" },
    ]);
  });

  test("is the samples of one thread, from Pyroscope 1.12.0 with the rule that drops `thread`", () => {
    expect(judgeProbe([result("pyroscope-1.12.0-graph.json")], "1.12.0")).toEqual([
      {
        name: "probe cpu",
        state: "broken",
        detail:
          "60 of 100 arrived, 40 % are lost: of the threads aprs-reader and db-writer less arrived than was sent",
        remedy:
          'Pyroscope 1.12.0 loses samples where a labeldrop rule makes groups of them equal, such as that of "thread": ' +
          "set pyroscope.version to 1.17 or later",
      },
    ]);
  });

  test("is nothing where Alloy does not take what programs push", () => {
    const none = { ...result("pyroscope-1.21.1-graph.json"), name: "push" as const };
    const refusal = "Failed to connect to 127.0.0.1 port 4100";
    const remedy =
      "see journalctl -u alloy; a pulumi up puts its configuration back, and with detectDrift a preview shows what was changed by hand";
    expect(
      judgeProbe(
        [
          { ...none, refusal },
          { ...none, stored: 0 },
        ],
        "1.21.1",
      ),
    ).toEqual([
      { name: "probe push", state: "broken", detail: `a known profile was not taken: ${refusal}`, remedy },
      { name: "probe push", state: "broken", detail: "0 of 100 arrived, 100 % are lost", remedy },
    ]);
  });

  test("is nothing where it was refused, in Pyroscope's words", () => {
    const none = { ...result("pyroscope-1.12.0-graph.json"), name: "large" as const, size: 4_102_565 };
    const refusal = "push rate limit (4.0 MB) exceeded while adding 4.1 MB";
    expect(judgeProbe([{ ...none, refusal }], "1.21.1")).toEqual([
      {
        name: "probe large",
        state: "broken",
        detail: `a profile of 3.9 MiB does not get in: ${refusal}`,
        remedy:
          "set Pyroscope's limits.ingestion_burst_size_mb to at least max_profile_size_bytes; a pulumi up does",
      },
    ]);
  });
});
