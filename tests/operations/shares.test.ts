import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  amountsOfGraph,
  amountsOfProfile,
  differences,
  largeFunctions,
  type Amounts,
} from "../../operations/verify/shares";

const amounts = (of: Record<string, number>, other = 0): Amounts => ({
  total: Object.values(of).reduce((sum, amount) => sum + amount, other),
  of: new Map(Object.entries(of)),
  other,
});

describe("what functions take", () => {
  test("of a profile: over all threads, a recursive function once", () => {
    const samples = [
      { functions: ["parse", "parse", "run", "main"], values: [60, 1], labels: { thread: "a" } },
      { functions: ["parse", "main"], values: [30, 1], labels: { thread: "b" } },
      { functions: ["", "main"], values: [10, 1], labels: { thread: "c" } },
    ];
    expect(amountsOfProfile({ types: [], samples, size: 0, seconds: 0 }, 0)).toEqual(
      { total: 100, of: new Map([["parse", 90], ["run", 60], ["main", 100]]), other: 0 }, // prettier-ignore
    );
  });

  test("of a flame graph: the same, and what was left out of it apart", () => {
    const levels = [
      ["0", "100", "0", "0"],
      ["0", "100", "0", "1"],
      ["0", "60", "0", "2", "0", "30", "5", "3", "0", "10", "10", "4"],
      ["0", "60", "10", "3", "5", "25", "25", "2"],
      ["10", "50", "50", "3"],
    ];
    const graph = {
      names: ["total", "main", "run", "parse", "other"],
      levels: levels.map((values) => ({ values })),
      total: 100,
    };
    expect(amountsOfGraph(graph)).toEqual({ total: 100, of: new Map([["main", 100], ["run", 85], ["parse", 90]]), other: 10 }); // prettier-ignore
  });

  test("only those from 5 % on are looked for, the largest first", () => {
    expect(largeFunctions(amounts({ a: 49, b: 900, c: 51 }))).toEqual([
      ["b", 0.9],
      ["c", 0.051],
    ]);
  });
});

describe("functions at the endpoint and in Pyroscope", () => {
  const threads = { worker: 60, reader: 30, writer: 10 };
  const times = (n: number, of: Record<string, number>): Amounts =>
    amounts(Object.fromEntries(Object.entries(of).map(([name, amount]) => [name, amount * n])));

  test("of a thread that was lost are told, with the share of those that took its place", () => {
    const found = differences(times(4, threads), times(50, { worker: 60 }));
    expect(found).toEqual([
      { name: "worker", endpoint: 0.6, stored: 1 },
      { name: "reader", endpoint: 0.3, stored: 0 },
      { name: "writer", endpoint: 0.1, stored: 0 },
    ]);
  });

  test("that is missing is told even where it takes little", () => {
    const found = differences(amounts({ a: 376, small: 24 }), amounts({ a: 4000 }));
    expect(found).toEqual([{ name: "small", endpoint: 0.06, stored: 0 }]);
  });

  test("in too few samples are not: chance explains them", () => {
    expect(differences(amounts({ a: 28, small: 2 }), amounts({ a: 400 }))).toEqual([]);
    expect(differences(times(0.1, threads), times(0.1, { worker: 50, reader: 45, writer: 5 }))).toEqual([]);
  });

  test("that may be in the part that was left out are not told", () => {
    expect(differences(amounts({ a: 800, b: 200 }), amounts({ a: 800 }, 200))).toEqual([]);
  });

  test("of heap count the allocations that were sampled, not the bytes", () => {
    const unit = 524_288;
    const few = differences(
      amounts({ a: 8 * unit, b: 4 * unit }),
      amounts({ a: 9 * unit, b: 2 * unit }),
      unit,
    );
    expect(few).toEqual([]);
    const many = differences(
      amounts({ a: 800 * unit, b: 400 * unit }),
      amounts({ a: 900 * unit, b: 20 * unit }),
      unit,
    );
    expect(many.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("of the same program are never told apart by chance", () => {
    // Shares of three functions, and how many samples there are of each look.
    const cases = fc.record({
      shares: fc.tuple(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
      ),
      endpoint: fc.integer({ min: 20, max: 800 }),
      stored: fc.integer({ min: 20, max: 10_000 }),
      seed: fc.integer({ min: 1, max: 2 ** 30 }),
    });
    fc.assert(
      fc.property(cases, ({ shares, endpoint, stored, seed }) => {
        const random = generator(seed);
        expect(differences(draw(shares, endpoint, random), draw(shares, stored, random))).toEqual([]);
      }),
      { seed: 12, numRuns: 300 },
    );
  });
});

/** Mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function draw(shares: readonly number[], count: number, random: () => number): Amounts {
  const all = shares.reduce((sum, share) => sum + share, 0);
  const of: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    let rest = random() * all;
    const index = shares.findIndex((share) => (rest -= share) < 0);
    of[`f${index}`] = (of[`f${index}`] ?? 0) + 1;
  }
  return amounts(of);
}
