import { setTimeout as sleep } from "node:timers/promises";
import { type AlloyState, askAlloy, targetOf } from "./alloy";
import type { HostHttp } from "./http";
import type { Declared } from "./declared";
import { plural } from "./words";

/** How often Alloy is asked, in milliseconds. */
const pause = 2_000;

/** What is waited for, and how it is told. */
export interface FirstProfiles {
  http: HostHttp;
  alloyUrl: string;
  environment: string;
  declared: readonly Declared[];
  /** Is told who is waited for. */
  say: (text: string) => void;
}

/**
 * Waits until Alloy has taken the first profile of all that it was told to take a moment ago, as by an `up`; not at all where
 * that was longer ago than a first profile may take. Only Alloy is asked: who takes a profile now keeps Alloy from it.
 */
export async function untilFirstProfiles(wait: FirstProfiles): Promise<void> {
  // Whatever the two clocks say.
  const end = Date.now() + Math.max(0, ...wait.declared.map(({ service }) => patience(service)));
  let told = 0;
  for (;;) {
    const missing = missingOf(await askAlloy(wait.http, wait.alloyUrl), wait, Date.now());
    if (missing.length === 0 || Date.now() > end) return;
    if (missing.length !== told)
      wait.say(`Alloy is about to take ${plural(missing.length, "first profile")}.`);
    told = missing.length;
    await sleep(pause);
  }
}

/** Those that Alloy may still take for the first time. */
export function missingOf(
  alloy: AlloyState,
  { declared, environment }: Pick<FirstProfiles, "declared" | "environment">,
  now: number,
): Declared[] {
  if ("error" in alloy || alloy.loaded === undefined) return [];
  const { components, targets, loaded } = alloy;
  const isLoading = components.some(
    ({ id }) => id.startsWith("pyroscope.scrape.") && !targets.some(({ component }) => component === id),
  );
  return declared.filter(({ service, kind }) => {
    if (now - loaded > patience(service)) return false;
    const target = targetOf(targets, { service: service.name, environment, kind });
    return target === undefined ? isLoading : target.lastError === "" && target.health !== "up";
  });
}

/** How long a first profile may take, in milliseconds. */
function patience({ interval, duration }: Declared["service"]): number {
  return (2 * interval + duration + 15) * 1000;
}
