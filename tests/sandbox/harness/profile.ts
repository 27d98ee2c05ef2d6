import { Profile } from "pprof-format";

/** A profile, as far as tests look at it. */
export interface DecodedProfile {
  /** The sum over all samples by kind of value, such as `cpu/nanoseconds`. */
  totals: Record<string, number>;
  samples: DecodedSample[];
}

export interface DecodedSample {
  /** In the order of the kinds of values. */
  values: number[];
  labels: Record<string, string>;
  /** The names of the stack's functions, the innermost first; none without symbols. */
  functions: string[];
}

/** Reads a profile in the format of pprof, not compressed. */
export function decodeProfile(bytes: Uint8Array): DecodedProfile {
  const profile = Profile.decode(bytes);
  const text = (index: number | bigint): string => profile.stringTable.strings[Number(index)] ?? "";
  const names = new Map(profile.function.map(({ id, name }) => [Number(id), text(name)]));
  const locations = new Map(
    profile.location.map(({ id, line }) => [
      Number(id),
      line.flatMap(({ functionId }) => names.get(Number(functionId)) ?? []),
    ]),
  );
  const samples = profile.sample.map(({ value, label, locationId }) => ({
    values: value.map(Number),
    labels: Object.fromEntries(label.map(({ key, str }) => [text(key), text(str)])),
    functions: locationId.flatMap((id) => locations.get(Number(id)) ?? []),
  }));
  const kinds = profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`);
  const sum = (index: number): number =>
    samples.reduce((total, { values }) => total + (values[index] ?? 0), 0);
  return { totals: Object.fromEntries(kinds.map((kind, index) => [kind, sum(index)])), samples };
}
