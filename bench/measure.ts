import { step } from "../sandbox/log";
import type { Action, Contender, Declared } from "./contender";

/** Wall-clock time of a process from its start to its end, and the SSH logins of all hosts meanwhile. */
export interface Measured {
  seconds: number;
  logins: number;
}

/** One thing that is done by each contender, in turns. */
export interface Series {
  what: string;
  action: Action;
  declared: (round: number) => Declared;
  /** Whether it has something to change. */
  changes: boolean;
  rounds: number;
}

/** Measures it; by contender, one entry a round. */
export async function measureSeries(contenders: readonly Contender[], series: Series): Promise<Measured[][]> {
  const { what, action, declared, changes, rounds } = series;
  const results: Measured[][] = contenders.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const run = await contender.prepare(action, declared(round));
      results[index]?.push(
        await step(`${what}, ${contender.name}, ${round} of ${rounds}`, () =>
          measure(contender, run, changes),
        ),
      );
    }
  }
  return results;
}

async function measure(
  contender: Contender,
  run: () => Promise<string>,
  changes: boolean,
): Promise<Measured> {
  const before = await contender.logins();
  const { seconds, said } = await time(run);
  if (contender.changedNothing.test(said) === changes) {
    throw new Error(`${contender.name} has changed ${changes ? "nothing" : "something"}: ${said}`);
  }
  return { seconds, logins: (await contender.logins()) - before };
}

export async function time(run: () => Promise<string>): Promise<{ seconds: number; said: string }> {
  const start = performance.now();
  const said = await run();
  return { seconds: Math.round(performance.now() - start) / 1000, said };
}

export function median(all: readonly number[]): number {
  const sorted = [...all].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}
