import { gunzipSync } from "node:zlib";
import { Profile, type Label, type Location } from "pprof-format";

/** A profile as an endpoint served it, in words instead of indexes. */
export interface DecodedProfile {
  /** What each value of a sample is, such as `cpu/nanoseconds`. */
  types: string[];
  samples: DecodedSample[];
  /** Uncompressed, in bytes. */
  size: number;
  /** How long it measured, in seconds; 0 where it does not say. */
  seconds: number;
}

export interface DecodedSample {
  /** The names of the functions on the stack, the innermost first; "" where there is only an address. */
  functions: string[];
  values: number[];
  labels: Record<string, string>;
}

/** What an endpoint answered is no profile. */
export class NoProfile extends Error {}

/** Names that stand for none: a profiler's own words, and addresses. */
const nameless = /^(\[?unknown\]?|\?+|(0x)?[0-9a-fA-F]{6,16})$/;

/**
 * Reads a profile in the pprof format, gzipped or not.
 * @throws NoProfile that tells what it is instead
 */
export function decodeProfile(body: Buffer): DecodedProfile {
  if (body.length === 0) throw new NoProfile("nothing, not one byte");
  const start = body.toString("latin1", 0, 200).trimStart();
  if (/^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg|<svg)/is.test(start))
    throw new NoProfile("an SVG picture");
  if (/^<(!DOCTYPE html|html)/i.test(start)) throw new NoProfile("an HTML page");
  try {
    const bytes = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
    const profile = Profile.decode(bytes);
    if (profile.sampleType.length > 0) return describe(profile, bytes.length);
  } catch {
    // Whatever the decoder stumbled over: it is something else.
  }
  const text = /^[\x20-\x7e\s]{1,80}/.exec(start)?.[0].trim();
  throw new NoProfile(text === undefined ? `${body.length} bytes of another form` : `the text "${text}"`);
}

function describe(profile: Profile, size: number): DecodedProfile {
  const text = (index: number | bigint): string => profile.stringTable.strings[Number(index)] ?? "";
  const functions = new Map(profile.function.map(({ id, name }) => [Number(id), text(name)]));
  const named = (location: Location): string[] => {
    const names = location.line.map(({ functionId }) => functions.get(Number(functionId)) ?? "");
    return (names.length === 0 ? [""] : names).map((name) => (nameless.test(name) ? "" : name));
  };
  const locations = new Map(profile.location.map((location) => [Number(location.id), named(location)]));
  const labelled = ({ key, str, num }: Label): [string, string] => [text(key), text(str) || String(num)];
  return {
    types: profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`),
    samples: profile.sample.map(({ locationId, value, label }) => ({
      functions: locationId.flatMap((id) => locations.get(Number(id)) ?? [""]),
      values: value.map(Number),
      labels: Object.fromEntries(label.map(labelled)),
    })),
    size,
    seconds: Number(profile.durationNanos) / 1e9,
  };
}

/** The share of all frames that have a function's name; 1 where there is no sample. */
export function namedShare({ samples }: DecodedProfile): number {
  if (samples.length === 0) return 1;
  const frames = samples.flatMap(({ functions }) => (functions.length === 0 ? [""] : functions));
  return frames.filter((name) => name !== "").length / frames.length;
}

/** How many values each label of the samples has. */
export function labelCounts({ samples }: DecodedProfile): Record<string, number> {
  const values = new Map<string, Set<string>>();
  for (const { labels } of samples) {
    for (const [key, value] of Object.entries(labels)) {
      values.set(key, (values.get(key) ?? new Set()).add(value));
    }
  }
  return Object.fromEntries([...values].sort().map(([key, set]) => [key, set.size]));
}
