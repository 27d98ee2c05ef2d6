import type { TimeRange } from "../pyroscope-api";
import { counted } from "../verify/stored";
import { kinds } from "../verify/contract";
import { type DecodedProfile, decodeProfile } from "../verify/decode";
import type { HttpAnswer } from "../verify/http";
import { bodyOf, parseSeries, type Pyroscope, type Question, seriesRequest } from "../verify/pyroscope";
import type { Way } from "./options";
import { mergeRequest } from "./request";

/** How long Pyroscope may take to merge the profiles of days, in seconds. */
const patience = 120;

/** The profiles of a time, or of a label's value, as one. */
export interface Merged {
  /** In the pprof format, not gzipped. */
  pprof: Buffer;
  decoded: DecodedProfile;
  /** How many there are, one a second at most. */
  profiles: number;
  /** What the shares rest on: samples of CPU, or sampled allocations of one heap profile. */
  samples: number;
}

/**
 * What Pyroscope answers, each question in the time that the profiles of days take.
 * @throws Error with what it answered instead
 */
export async function answersOf(pyroscope: Pyroscope, questions: readonly Question[]): Promise<HttpAnswer[]> {
  const answers = await pyroscope.ask(questions.map((question) => ({ ...question, seconds: patience })));
  try {
    answers.forEach(bodyOf);
  } catch (error) {
    throw new Error(`Pyroscope at ${pyroscope.address.url}: ${(error as Error).message}`, { cause: error });
  }
  return answers;
}

/** What the profiles of a way are found by. */
export function labelsOf({ service }: Way, environment: string): Record<string, string> {
  return { service_name: service.name, environment };
}

/**
 * Asks Pyroscope for the profiles of a way, merged.
 * @returns undefined where there are none
 * @throws Error with what Pyroscope answered instead
 */
export async function fetchMerged(
  pyroscope: Pyroscope,
  { kind }: Way,
  labels: Record<string, string>,
  range: TimeRange,
): Promise<Merged | undefined> {
  const { shown } = kinds[kind];
  const { type, unit } = counted(kind, undefined);
  const [merged, ...series] = await answersOf(pyroscope, [
    mergeRequest(shown, labels, range),
    seriesRequest(shown, labels, [], range),
    seriesRequest(type, labels, [], range),
  ]);
  const [all, samples] = series.map((answer) => parseSeries(answer)[0]);
  if (merged === undefined || merged.body.length === 0 || all === undefined) return undefined;
  const pprof = merged.body;
  const decoded = decodeProfile(pprof);
  if (decoded.samples.length === 0) return undefined;
  const profiles = all.times.length;
  // Each heap profile has all that is in use: its samples are there again in the next.
  const looks = kind === "heap" ? profiles : 1;
  return { pprof, decoded, profiles, samples: Math.round((samples?.sum ?? 0) / unit / looks) };
}
