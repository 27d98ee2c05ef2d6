import type { FlameGraph } from "../pyroscope-api";
import type { DecodedProfile } from "./decode";

/** What each function takes of a profile, with all that it calls. */
export interface Amounts {
  total: number;
  /** By the function's name. */
  of: Map<string, number>;
  /** What was left out to keep the answer short, and may belong to any function. */
  other: number;
}

/** A function whose share in Pyroscope is another than at the endpoint. */
export interface Difference {
  name: string;
  /** Of 1. */
  endpoint: number;
  stored: number;
}

/** The share from which on a function has to be there. */
const least = 0.05;

/**
 * What chance explains: four standard errors of the difference of two shares, which one of 16,000 comparisons exceeds.
 * A function of which less than a quarter of the share has arrived is missing where chance does not explain it. For few
 * samples a standard error says too little: that all of them happen to be in the one profile must be as unlikely.
 */
const standardErrors = 4;
const unlikely = 1 / 16_000;

/** Beside chance: the two are not of the same time, and a program does not do the same at every moment. */
const drift = 0.1;

/** How Pyroscope names the rest of a graph that has too many nodes. */
const rest = "other";

/** What each function takes, over the samples of all threads. */
export function amountsOfProfile({ samples }: DecodedProfile, value: number): Amounts {
  const of = new Map<string, number>();
  let total = 0;
  for (const { functions, values } of samples) {
    const amount = values[value] ?? 0;
    total += amount;
    for (const name of new Set(functions)) if (name !== "") of.set(name, (of.get(name) ?? 0) + amount);
  }
  return { total, of, other: 0 };
}

/** The same of a flame graph; a recursive function counts once. */
export function amountsOfGraph({ names, levels, total }: FlameGraph): Amounts {
  const of = new Map<string, number>();
  let parents: { start: number; end: number; above: ReadonlySet<string> }[] = [];
  for (const [depth, { values }] of levels.entries()) {
    const bars: typeof parents = [];
    let position = 0;
    let parent = 0;
    for (let index = 0; index + 3 < values.length; index += 4) {
      const [offset = 0, size = 0, , name = 0] = values.slice(index, index + 4).map(Number);
      const start = position + offset;
      position = start + size;
      while (parent < parents.length && (parents[parent]?.end ?? 0) <= start) parent++;
      const above = parents[parent]?.above ?? new Set<string>();
      // The first level is the whole.
      const text = depth === 0 ? "" : (names[name] ?? "");
      if (text !== "" && !above.has(text)) of.set(text, (of.get(text) ?? 0) + size);
      bars.push({
        start,
        end: position,
        above: text === "" || above.has(text) ? above : new Set([...above, text]),
      });
    }
    parents = bars;
  }
  const other = of.get(rest) ?? 0;
  of.delete(rest);
  return { total, of, other };
}

/** The functions that take 5 % or more, the largest first. */
export function largeFunctions(amounts: Amounts | undefined): [name: string, share: number][] {
  if (amounts === undefined) return [];
  const { total, of } = amounts;
  return [...of]
    .map(([name, amount]): [string, number] => [name, amount / total])
    .filter(([, share]) => share >= least)
    .sort(([, a], [, b]) => b - a);
}

/**
 * The functions that take 5 % or more at the endpoint and are not there, or with quite another share.
 * @param unit how much of the amounts one sample stands for
 */
export function differences(endpoint: Amounts, stored: Amounts, unit = 1): Difference[] {
  const [taken, kept] = [endpoint.total / unit, stored.total / unit];
  return largeFunctions(endpoint).flatMap(([name, share]) => {
    const amount = stored.of.get(name) ?? 0;
    const there = amount / stored.total;
    // What is in the rest may be this function.
    const most = (amount + stored.other) / stored.total;
    const pooled = (share * taken + there * kept) / (taken + kept);
    const chance = standardErrors * Math.sqrt(pooled * (1 - pooled) * (1 / taken + 1 / kept));
    const allInOne = (taken / (taken + kept)) ** (share * taken);
    const isMissing = most < share / 4 && share - most > chance && allInOne < unlikely;
    const isOther = Math.max(share - most, there - share) > chance + drift;
    return isMissing || isOther ? [{ name, endpoint: share, stored: there }] : [];
  });
}
