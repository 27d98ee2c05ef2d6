import { isLibrary } from "../pyroscope-api";
import type { DecodedProfile } from "../verify/decode";

/** What each function takes of a profile by itself. */
export interface SelfAmounts {
  total: number;
  /** By the function's name. */
  of: Map<string, number>;
}

/** A function whose share is another than before. */
export interface Change {
  name: string;
  /** Of 1. */
  before: number;
  now: number;
  /** What chance alone makes of the share: two standard errors of the difference, of 1. */
  chance: number;
}

/** The functions that changed most, the largest change first. */
export interface Changes {
  grew: Change[];
  shrank: Change[];
}

/** How many functions are told of each direction. */
const most = 10;

/** What rounds to nothing in a table, of 1. */
const least = 0.0005;

const standardErrors = 2;

/**
 * What each function takes by itself, where the runtime's and the allocator's share counts for the function that called
 * them; for the innermost one where all are such.
 */
export function selfAmounts({ samples }: DecodedProfile): SelfAmounts {
  const of = new Map<string, number>();
  let total = 0;
  for (const { functions, values } of samples) {
    const amount = values[0] ?? 0;
    total += amount;
    const named = functions.filter((name) => name !== "");
    const owner = named.find((name) => !isLibrary(name)) ?? named[0] ?? "[unknown]";
    of.set(owner, (of.get(owner) ?? 0) + amount);
  }
  return { total, of };
}

/** Two profiles of the same kind, with how many samples each has. */
export function compare(
  before: { amounts: SelfAmounts; samples: number },
  now: { amounts: SelfAmounts; samples: number },
): Changes {
  const share = ({ total, of }: SelfAmounts, name: string): number => (of.get(name) ?? 0) / (total || 1);
  const names = new Set([...before.amounts.of.keys(), ...now.amounts.of.keys()]);
  const [had, has] = [Math.max(1, before.samples), Math.max(1, now.samples)];
  const all = [...names].map((name): Change => {
    const [old, current] = [share(before.amounts, name), share(now.amounts, name)];
    const pooled = (old * had + current * has) / (had + has);
    const chance = standardErrors * Math.sqrt(pooled * (1 - pooled) * (1 / had + 1 / has));
    return { name, before: old, now: current, chance };
  });
  const by = ({ before: old, now: current }: Change): number => current - old;
  const grew = all.filter((change) => by(change) >= least).sort((a, b) => by(b) - by(a));
  const shrank = all.filter((change) => by(change) <= -least).sort((a, b) => by(a) - by(b));
  return { grew: grew.slice(0, most), shrank: shrank.slice(0, most) };
}
