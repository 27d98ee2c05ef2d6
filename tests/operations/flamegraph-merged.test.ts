import { describe, expect, test } from "vitest";
import { profileOfGraph } from "../../operations/flamegraph/graph-profile";
import { fetchMerged } from "../../operations/flamegraph/merged";
import type { Way } from "../../operations/flamegraph/options";
import type { FlameGraph } from "../../operations/pyroscope-api";
import { decodeProfile } from "../../operations/verify/decode";
import type { HttpAnswer, HttpRequest } from "../../operations/verify/http";
import { Pyroscope } from "../../operations/verify/pyroscope";
import { answer } from "./answers";
import { encodeProfile } from "./profiles";

const levels = [
  ["0", "100", "0", "0"],
  ["0", "90", "0", "1", "0", "10", "10", "4"],
  ["0", "60", "10", "2", "5", "25", "25", "3"],
  ["10", "50", "50", "3"],
];
const graph: FlameGraph = {
  names: ["total", "main", "run", "parse", "start"],
  levels: levels.map((values) => ({ values })),
  total: 100,
};

test("a flame graph is the profile of the same stacks", () => {
  const { types, samples } = decodeProfile(profileOfGraph(graph, "inuse_space/bytes"));
  expect(types).toEqual(["inuse_space/bytes"]);
  expect(samples.map(({ functions, values }) => [functions.join(" < "), ...values])).toEqual([
    ["start", 10],
    ["run < main", 10],
    ["parse < main", 25],
    ["parse < run < main", 50],
  ]);
});

describe("the merged profile", () => {
  const way = (kind: string): Way => ({ service: { name: "soar-run" }, kind }) as unknown as Way;
  const points = [1, 2].map((second) => ({ timestamp: String(second * 1000), value: 50 }));
  /** What a Pyroscope answers that has a merged profile like this. */
  const fetchFrom = async (kind: string, merged: HttpAnswer, series: object = { series: [{ points }] }) => {
    const asked: string[] = [];
    const http = {
      ask: (requests: readonly HttpRequest[]) =>
        Promise.resolve(
          requests.map(({ url }) => {
            const name = url.split("/").at(-1) ?? "";
            asked.push(name);
            if (name === "SelectMergeProfile") return merged;
            if (name === "SelectSeries") return answer(JSON.stringify(series));
            return answer(JSON.stringify({ flamegraph: graph }));
          }),
        ),
    };
    const pyroscope = new Pyroscope(http, { url: "http://127.0.0.1:4040" });
    const found = await fetchMerged(pyroscope, way(kind), {}, { start: 0, end: 9_000 });
    return { found, asked };
  };
  const profile = (value: number): Buffer =>
    encodeProfile(["cpu/nanoseconds"], [{ functions: ["soar::run"], values: [value] }]);

  test("is the one that Pyroscope answers, with how much is in it", async () => {
    const { found, asked } = await fetchFrom("cpu", answer(profile(100)));
    expect(found).toMatchObject({ pprof: profile(100), profiles: 2, samples: 100 });
    expect(asked).toEqual(["SelectMergeProfile", "SelectSeries", "SelectSeries"]);
  });

  test.each([
    ["a part is missing", profile(60)],
    ["nothing is in it", encodeProfile([""], [])],
    ["there is none", Buffer.alloc(0)],
  ])("is made of the flame graph where %s", async (_, body) => {
    const { found, asked } = await fetchFrom("cpu", answer(body));
    expect(found?.decoded.samples).toHaveLength(4);
    expect(found?.decoded.types).toEqual(["cpu/nanoseconds"]);
    expect(asked.at(-1)).toBe("SelectMergeStacktraces");
  });

  test("of heap counts the sampled allocations of one profile", async () => {
    const large = points.map((point) => ({ ...point, value: 100 * 524_288 }));
    const { found } = await fetchFrom("heap", answer(profile(200 * 524_288)), {
      series: [{ points: large }],
    });
    expect(found).toMatchObject({ profiles: 2, samples: 100 });
  });

  test("is not there where nothing is stored, and a refusal is told", async () => {
    expect((await fetchFrom("cpu", answer(""), {})).found).toBeUndefined();
    const refused = answer('{"code":"invalid_argument"}', { status: 400 });
    await expect(fetchFrom("cpu", refused)).rejects.toThrow(
      'Pyroscope at http://127.0.0.1:4040: status 400: {"code":"invalid_argument"}',
    );
  });
});
