import { type Duration, formatDuration } from "../../config/units";
import type { TimeRange } from "../pyroscope-api";
import { kinds } from "../verify/contract";
import {
  parseJson,
  parseSeries,
  type Pyroscope,
  querier,
  selector,
  seriesRequest,
} from "../verify/pyroscope";
import { list } from "../verify/words";
import { answersOf, fetchMerged, type Merged } from "./merged";
import type { Way } from "./options";

/** One of two that are compared. */
export interface Side {
  /** Such as `the last 15m`. */
  name: string;
  merged: Merged;
  /** How long the time is that it is of. */
  seconds: number;
}

/** The older one first. */
export type Sides = readonly [before: Side, now: Side];

/** What is asked for: where, of what, and under which labels it is there. */
export interface Subject {
  pyroscope: Pyroscope;
  way: Way;
  labels: Record<string, string>;
}

/** What was asked for is not there, and what to do. */
export function nothing({ way: { service, kind } }: Subject, when: string): Error {
  return new Error(
    `Pyroscope has no ${kind} profiles of ${service.name} of ${when}: look at another time, or see what npm run verify says of them`,
  );
}

/**
 * The last time and the one before it.
 * @throws Error where one of them has no profiles
 */
export async function sidesOfTimes(
  subject: Subject,
  since: Duration,
  diff: Duration,
  now: number,
): Promise<Sides> {
  const { pyroscope, way, labels } = subject;
  const middle = now - since * 1000;
  const side = async (name: string, start: number, end: number): Promise<Side> => {
    const merged = await fetchMerged(pyroscope, way, labels, { start, end });
    if (merged === undefined) throw nothing(subject, name);
    return { name, merged, seconds: (end - start) / 1000 };
  };
  return [
    await side(`the ${formatDuration(diff)} before`, middle - diff * 1000, middle - 1),
    await side(`the last ${formatDuration(since)}`, middle, now),
  ];
}

/**
 * The two values of a label that were seen last.
 * @param when the range in words
 * @throws Error that names the values there are, or the labels
 */
export async function sidesOfLabel(
  subject: Subject,
  label: string,
  range: TimeRange,
  when: string,
): Promise<Sides> {
  const { pyroscope, way, labels } = subject;
  const request = seriesRequest(kinds[way.kind].shown, labels, [label], range);
  const series = parseSeries((await answersOf(pyroscope, [request]))[0]);
  if (series.length === 0) throw nothing(subject, when);
  const seen = series
    .map(({ labels: { [label]: value = "" }, times, last }) => ({ value, last, first: times[0] ?? last }))
    .filter(({ value }) => value !== "")
    .sort((a, b) => b.last - a.last || b.first - a.first);
  const [newest, older] = seen;
  if (newest === undefined) {
    const known = (await labelNames(pyroscope, labels, range)).join(", ");
    throw new Error(
      `No ${way.kind} profile of ${way.service.name} of ${when} has a label ${label}; they have ${known}`,
    );
  }
  if (older === undefined) {
    const values = list(seen.map(({ value }) => value));
    throw new Error(
      `There are no two values of ${label} to compare in ${when}: ${way.service.name} has ${values} only; look further back with --since`,
    );
  }
  const side = async ({ value, first, last }: (typeof seen)[number]): Promise<Side> => {
    const merged = await fetchMerged(pyroscope, way, { ...labels, [label]: value }, range);
    if (merged === undefined) throw nothing(subject, `${label} ${value}`);
    return { name: `${label} ${value}`, merged, seconds: (last - first) / 1000 + way.service.interval };
  };
  return [await side(older), await side(newest)];
}

async function labelNames(
  pyroscope: Pyroscope,
  labels: Record<string, string>,
  range: TimeRange,
): Promise<string[]> {
  const body = { ...range, matchers: [selector(labels)] };
  const [answer] = await answersOf(pyroscope, [{ path: `${querier}/LabelNames`, body }]);
  const { names = [] } = parseJson(answer) as { names?: string[] };
  return names.filter((name) => !name.startsWith("__"));
}
