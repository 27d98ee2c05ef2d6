import type { TimeRange } from "../pyroscope-api";
import { counted } from "../verify/stored";
import { kinds } from "../verify/contract";
import { type DecodedProfile, decodeProfile } from "../verify/decode";
import { bodyOf, parseSeries, type Pyroscope, seriesRequest } from "../verify/pyroscope";
import type { Way } from "./options";
import { mergeRequest } from "./request";

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
  const [merged, ...series] = await pyroscope.ask([
    mergeRequest(shown, labels, range),
    seriesRequest(shown, labels, [], range),
    seriesRequest(type, labels, [], range),
  ]);
  const pprof = bodyOf(merged);
  const [all, samples] = series.map((answer) => parseSeries(answer)[0]);
  if (pprof.length === 0 || all === undefined) return undefined;
  const decoded = decodeProfile(pprof);
  if (decoded.samples.length === 0) return undefined;
  const profiles = all.times.length;
  // Each heap profile has all that is in use: its samples are there again in the next.
  const looks = kind === "heap" ? profiles : 1;
  return { pprof, decoded, profiles, samples: Math.round((samples?.sum ?? 0) / unit / looks) };
}
