import type { ProfileKind } from "../../config/service";
import type { Service } from "../../config/settings";
import { away, broken, farBack, type Link, ok, unknown } from "./chain";
import { kinds } from "./contract";
import type { DecodedProfile } from "./decode";
import { type HostFacts, whyStopped } from "./host-facts";
import type { StoredSeries } from "./pyroscope";
import { type Amounts, amountsOfProfile, differences, largeFunctions } from "./shares";
import { age, list, percent, plural } from "./words";

/** How much is looked back at in Pyroscope, in seconds: five minutes, or four intervals. */
export function lookback(interval: number): number {
  return Math.max(300, 4 * interval);
}

/** The same for the shares of functions: a program that was deployed anew is soon another. */
export function recently(interval: number): number {
  return Math.max(60, 4 * interval);
}

/** The type that is counted, and how much of it a sample is; a few profilers count no samples. */
export function counted(
  kind: ProfileKind,
  decoded: DecodedProfile | undefined,
): { type: string; value: number; unit: number } {
  const { type, counted: name, shown } = kinds[kind];
  const types = decoded?.types ?? [];
  if (kind === "heap") return { type: name, value: Math.max(0, types.indexOf(type)), unit: 524_288 };
  const samples = types.indexOf("samples/count");
  if (decoded === undefined || samples >= 0) return { type: name, value: samples, unit: 1 };
  return { type: shown, value: types.indexOf(type), unit: 10_000_000 };
}

/** What is known of what Pyroscope has of a kind of profile. */
export interface StoredContext {
  /** Why Pyroscope could not be asked. */
  error: string | undefined;
  /** A Pyroscope on the host; its unit tells more. */
  isLocal: boolean;
  facts: HostFacts;
  environment: string;
  /** By the labels that are declared. */
  series: readonly StoredSeries[];
  /** What all series of the time are called. */
  all: readonly Record<string, string>[];
  labels: Record<string, string>;
  now: number;
  /** When Alloy has last loaded its configuration, in milliseconds, where that is known. */
  loaded: number | undefined;
  /** How long ago the last one came, in seconds, where there was one within {@link farBack}. */
  lastSeen: number | undefined;
  /** The endpoint had no sample: an idle service has none in Pyroscope. */
  isIdle: boolean;
  /** An intermittent service that does not run. */
  isServiceAway: boolean;
}

/** How much there is: samples add up, and what is in use at one time does not. */
export function amountOf(kind: ProfileKind, series: readonly StoredSeries[]): number {
  if (kind === "cpu") return series.reduce((total, { sum }) => total + sum, 0);
  const last = Math.max(0, ...series.map((one) => one.last));
  return series.reduce((total, one) => total + (one.last === last ? one.newest : 0), 0);
}

/** Whether Pyroscope has fresh samples with the labels that are declared. */
export function judgeStored(service: Service, kind: ProfileKind, context: StoredContext): Link {
  const { error, isLocal, facts, series, labels, now, loaded, isIdle, isServiceAway } = context;
  if (error !== undefined) {
    const stopped = isLocal ? whyStopped(facts, "pyroscope.service") : undefined;
    if (stopped !== undefined) {
      return broken(`Pyroscope: ${stopped}`, "see journalctl -u pyroscope, then systemctl start pyroscope");
    }
    const what = isLocal ? "see journalctl -u pyroscope" : "see whether it can be reached from the host";
    return broken(`Pyroscope does not answer: ${error}`, what);
  }
  const newest = [...series].sort((a, b) => b.last - a.last)[0];
  if (newest === undefined) {
    const lost = lostLabels(service, kind, context);
    if (lost !== undefined) return lost;
    if (isIdle) return ok("no samples: the service is idle");
    const { lastSeen } = context;
    if (isServiceAway)
      return away(lastSeen === undefined ? "nothing yet" : `the last came ${age(lastSeen)} ago`);
    const back = age(lastSeen === undefined ? farBack : lookback(service.interval));
    const last = lastSeen === undefined ? "" : `; the last came ${age(lastSeen)} ago`;
    return broken(
      `Pyroscope has nothing of it of the last ${back}${last}`,
      "see what Alloy says of it: journalctl -u alloy",
    );
  }
  const missing = Object.entries(labels).filter(([name, value]) => newest.labels[name] !== value);
  const isNoWonder = (from: number): boolean =>
    isIdle || isLittle(service, kind, series, (now - from) / 1000);
  // After a deploy an idle service has none but those of before it, with another value. What Alloy will send is judged there.
  const isOfBefore = missing.every(([name]) => (newest.labels[name] ?? "") !== "");
  if (missing.length > 0 && isOfBefore && isNoWonder(loaded ?? 0))
    return ok(
      `no samples since the change of ${list(missing.map(([name]) => name))}: the service ${isIdle ? "is idle" : "does little"}`,
    );
  if (missing.length > 0) {
    const names = missing.map(([name, value]) => `${name}="${value}"`);
    return broken(
      `label lost: the newest profiles in Pyroscope have no ${list(names)}`,
      "see Pyroscope's limits.ingestion_relabeling_rules, and whether an up is still to be done",
    );
  }
  const since = Math.max(0, (now - newest.last) / 1000);
  const patience = 2 * service.interval + service.duration + 15;
  if (isServiceAway) return away(`the last came ${age(since)} ago`);
  if (since > patience && !isNoWonder(newest.last)) {
    return broken(
      `the newest profile in Pyroscope is ${age(since)} old, at an interval of ${age(service.interval)}`,
      "see what Alloy says of it: journalctl -u alloy",
    );
  }
  return ok(`${age(since)} old`);
}

/**
 * Whether a service does so little that no sample of it in that time, in seconds, is no wonder: where 7 are to be expected, none
 * comes once in a thousand times.
 */
function isLittle(
  { interval }: Service,
  kind: ProfileKind,
  series: readonly StoredSeries[],
  seconds: number,
): boolean {
  // A heap is never empty.
  return kind === "cpu" && (amountOf(kind, series) / lookback(interval)) * seconds < 7;
}

/** Whether it is there under other labels. */
function lostLabels(
  { name }: Service,
  kind: ProfileKind,
  { all, environment }: StoredContext,
): Link | undefined {
  const ofKind = all.filter((labels) => labels["__profile_type__"] === kinds[kind].shown);
  const named = ofKind.find(
    (labels) => labels["service_name"] === name && (labels["environment"] ?? "") === "",
  );
  const unnamed = ofKind.find((labels) => labels["job"] === name && labels["service_name"] === "unspecified");
  const remedy =
    "a pulumi up puts Alloy's configuration back; see Pyroscope's limits.ingestion_relabeling_rules too";
  if (named !== undefined)
    return broken(`label lost: it is in Pyroscope without environment="${environment}"`, remedy);
  if (unnamed === undefined) return undefined;
  return broken(`label lost: it is in Pyroscope as service_name="unspecified", not "${name}"`, remedy);
}

/** Whether the functions that take much at the endpoint are in Pyroscope, with a similar share, whatever thread they are of. */
export function judgeFunctions(
  endpoint: Amounts | undefined,
  stored: Amounts | undefined,
  unit: number,
): Link {
  if (endpoint === undefined || stored === undefined) return unknown("nothing to compare");
  if (endpoint.total === 0) return ok("no samples to compare");
  if (stored.total === 0) return unknown("nothing to compare");
  const large = largeFunctions(endpoint);
  const found = differences(endpoint, stored, unit);
  if (found.length === 0) return ok(`${large.length} of ${large.length}`);
  const shares = found
    .slice(0, 3)
    .map(
      ({ name, endpoint: here, stored: there }) =>
        `${name} (${percent(here)} there, ${percent(there)} in Pyroscope)`,
    );
  return broken(
    `${plural(found.length, "function")} of ${large.length} have another share in Pyroscope than at the endpoint: ${list(shares)}`,
    "see what verify's probe says of lost samples; a service that has just changed its work differs for a minute",
  );
}

/** What the functions of a profile take, by the value that is counted. */
export function endpointAmounts(kind: ProfileKind, decoded: DecodedProfile): Amounts {
  return amountsOfProfile(decoded, counted(kind, decoded).value);
}
