import { describe, expect, test } from "vitest";
import { compare, selfAmounts, type SelfAmounts } from "../../operations/flamegraph/diff";
import type { Merged } from "../../operations/flamegraph/merged";
import type { Way } from "../../operations/flamegraph/options";
import type { Side } from "../../operations/flamegraph/sides";
import { formatComparison } from "../../operations/flamegraph/table";
import { decodeProfile } from "../../operations/verify/decode";
import { encodeProfile } from "./profiles";

const amounts = (of: Record<string, number>): SelfAmounts => ({
  total: Object.values(of).reduce((sum, amount) => sum + amount, 0),
  of: new Map(Object.entries(of)),
});

/** Two profiles of a hundred samples each. */
const changes = (before: Record<string, number>, now: Record<string, number>) =>
  compare({ amounts: amounts(before), samples: 100 }, { amounts: amounts(now), samples: 100 });

describe("what functions take by themselves", () => {
  const of = (...stacks: [string[], number][]): SelfAmounts =>
    selfAmounts(
      decodeProfile(
        encodeProfile(
          ["cpu/nanoseconds"],
          stacks.map(([functions, value]) => ({ functions, values: [value] })),
        ),
      ),
    );

  test("has the share of the runtime and the allocator that they call, over all threads", () => {
    expect(
      of(
        [["soar::parse", "soar::run"], 5],
        [["malloc", "alloc::vec::Vec<T>::push", "soar::parse", "soar::run"], 3],
        [["core::str::from_utf8", "soar::run"], 2],
      ),
    ).toEqual(amounts({ "soar::parse": 8, "soar::run": 2 }));
  });

  test("is the innermost function's where all are of the runtime, and nobody's where none has a name", () => {
    expect(of([["__read", "start_thread"], 4], [["", ""], 1])).toEqual(
      amounts({ __read: 4, "[unknown]": 1 }),
    );
  });
});

describe("two profiles", () => {
  test("are compared by shares, whatever their totals are, the largest change first", () => {
    const { grew, shrank } = changes({ a: 50, b: 30, c: 20 }, { a: 500, b: 100, c: 100, new: 300 });
    expect(grew.map(({ name, before, now }) => [name, before, now])).toEqual([["new", 0, 0.3]]);
    expect(shrank.map(({ name, before, now }) => [name, before, now])).toEqual([
      ["b", 0.3, 0.1],
      ["c", 0.2, 0.1],
    ]);
  });

  test("that are the same have no change, and of many the ten largest are told", () => {
    expect(changes({ a: 1, b: 2 }, { a: 10, b: 20 })).toEqual({ grew: [], shrank: [] });
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, i + 1]));
    const { grew } = changes({ a: 1 }, many);
    expect(grew.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, i) => `f${19 - i}`));
  });

  test("of few samples differ by chance", () => {
    const [change] = changes({ a: 50, b: 50 }, { a: 60, b: 40 }).grew;
    expect(change?.chance).toBeCloseTo(2 * Math.sqrt((0.55 * 0.45 * 2) / 100), 5);
  });
});

describe("the table of a comparison", () => {
  const side = (name: string, of: Record<string, number>, type: string, samples: number): Side => {
    const stacks = Object.entries(of).map(([one, value]) => ({ functions: [one], values: [value] }));
    const pprof = encodeProfile([type], stacks);
    const merged: Merged = { pprof, decoded: decodeProfile(pprof), profiles: 10, samples };
    return { name, merged, seconds: 100 };
  };
  const way = (kind: string): Way => ({ service: { name: "soar-run" }, kind }) as unknown as Way;

  test("says what is compared, the totals, the shares and how sure they are", () => {
    const text = formatComparison(way("cpu"), "production", [
      side("the 1h before", { "soar::parse": 8e8, "soar::read": 2e8 }, "cpu/nanoseconds", 1000),
      side("the last 15m", { "soar::parse": 3e8, "soar::read": 2e8 }, "cpu/nanoseconds", 500),
    ]);
    expect(text.split("\n").map((line) => line.trimEnd())).toEqual([
      "soar-run cpu, production: the last 15m compared with the 1h before",
      "",
      "                     BEFORE    NOW",
      "CPU time             1.00 s    0.50 s",
      "CPU time per second  10.00 ms  5.00 ms",
      "samples              1000      500",
      "profiles             10        10",
      "",
      " BEFORE      NOW   POINTS   CHANCE  GREW",
      " 20.0 %   40.0 %    +20.0      4.8  soar::read",
      "",
      " BEFORE      NOW   POINTS   CHANCE  SHRANK",
      " 80.0 %   60.0 %    -20.0      4.8  soar::parse",
      "",
      "A share is what a function takes by itself, with the runtime and the allocator that it calls. POINTS is the change in",
      "per cent points; one that is not larger than CHANCE (two standard errors of so many samples) says nothing.",
    ]);
  });

  test("of heap has what is in use on average, and says when there are few samples", () => {
    const of = { "soar::parse": 10 * 2 ** 20 };
    const sides = [side("a", of, "inuse_space/bytes", 20), side("b", of, "inuse_space/bytes", 200)] as const;
    const text = formatComparison(way("heap"), "production", sides);
    expect(text).toContain("in use on average  1.0 MiB  1.0 MiB\n");
    expect(text).toContain("GREW: no function\n\nSHRANK: no function\n");
    expect(text).toMatch(/\n\nOne side has few samples: /);
  });
});
