import type { ProfileKind } from "../../config/service";

/** A step on the way of a profile, in the order in which it goes. */
export const links = ["listens", "profile", "alloy", "pyroscope", "functions"] as const;
export type LinkName = (typeof links)[number];

/** How a step is. */
export interface Link {
  /** `unknown` where what comes before it hides it; `away` where it need not be there now, as its service is intermittent. */
  state: "ok" | "broken" | "unknown" | "away";
  /** What was seen, or what is wrong. */
  detail: string;
  /** What to do, where it is not as it should be. */
  remedy?: string;
}

/** How far back Pyroscope is asked for what it has nothing new of, in seconds: a week. */
export const farBack = 7 * 86_400;

/** The way of one kind of profile of one service, from the service into Pyroscope. */
export interface Chain {
  service: string;
  environment: string;
  kind: ProfileKind;
  links: Record<LinkName, Link>;
  /** In Pyroscope: the samples of the last minutes, or the bytes of heap of the newest profile. */
  amount: number;
  /** When Pyroscope got the last one, in seconds before now, where it has one of the last {@link farBack}. */
  lastSeen: number | undefined;
  hottest: string | undefined;
  /** Those that take 5 % or more at the endpoint: their shares of 1 there and in Pyroscope, over all threads. */
  functions: { name: string; endpoint: number; stored: number }[];
}

export function ok(detail: string): Link {
  return { state: "ok", detail };
}

export function broken(detail: string, remedy: string): Link {
  return { state: "broken", detail, remedy };
}

export function unknown(detail: string): Link {
  return { state: "unknown", detail, remedy: "ask again in a minute" };
}

/** Not there now, by right. */
export function away(detail: string): Link {
  return { state: "away", detail };
}

/** The first step that does not hold; where all do that were seen, the first that was not seen. */
export function firstFault(chain: Chain): (Link & { name: LinkName }) | undefined {
  const first = (state: Link["state"]): LinkName | undefined =>
    links.find((link) => chain.links[link].state === state);
  const name = first("broken") ?? first("unknown");
  return name === undefined ? undefined : { name, ...chain.links[name] };
}

/** Whether all of it was seen to hold, but for what need not be there now. */
export function isWhole(chain: Chain): boolean {
  return links.every((link) => ["ok", "away"].includes(chain.links[link].state));
}
