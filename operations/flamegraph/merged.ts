import type { TimeRange } from "../pyroscope-api";
import { counted } from "../verify/stored";
import { kinds } from "../verify/contract";
import { type DecodedProfile, decodeProfile } from "../verify/decode";
import type { HttpAnswer } from "../verify/http";
import {
  bodyOf,
  graphRequest,
  parseGraph,
  parseSeries,
  type Pyroscope,
  type Question,
  seriesRequest,
} from "../verify/pyroscope";
import { profileOfGraph } from "./graph-profile";
import type { Way } from "./options";
import { mergeRequest } from "./request";

/** How long Pyroscope may take to merge the profiles of days, in seconds. */
const patience = 120;

/**
 * The share from which on a merged profile has all: Pyroscope 1.21 answers those of jemalloc's heap without a sample, while
 * the flame graph of the same time has them. A profile that comes in between the questions makes a small difference.
 */
const whole = 0.999;

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
  const { shown, type: measured } = kinds[kind];
  const { type, unit } = counted(kind, undefined);
  const [merged, ...series] = await answersOf(pyroscope, [
    mergeRequest(shown, labels, range),
    seriesRequest(shown, labels, [], range),
    seriesRequest(type, labels, [], range),
  ]);
  const [all, samples] = series.map((answer) => parseSeries(answer)[0]);
  if (merged === undefined || all === undefined || all.sum === 0) return undefined;
  let pprof = merged.body;
  let decoded = pprof.length === 0 ? undefined : decodeProfile(pprof);
  if (decoded === undefined || total(decoded) < whole * all.sum) {
    const [graph] = await answersOf(pyroscope, [graphRequest(shown, labels, range)]);
    pprof = profileOfGraph(parseGraph(graph), measured);
    decoded = decodeProfile(pprof);
  }
  const profiles = all.times.length;
  // Each heap profile has all that is in use: its samples are there again in the next.
  const looks = kind === "heap" ? profiles : 1;
  return { pprof, decoded, profiles, samples: Math.round((samples?.sum ?? 0) / unit / looks) };
}

function total({ samples }: DecodedProfile): number {
  return samples.reduce((sum, { values }) => sum + (values[0] ?? 0), 0);
}
