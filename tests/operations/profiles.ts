import { Function, Label, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";

/** Some samples of one stack. */
export interface Stack {
  /** The innermost function first; "" for an address without a name. */
  functions: string[];
  values: number[];
  labels?: Record<string, string>;
}

/** A profile in the pprof format, not gzipped. */
export function encodeProfile(types: readonly string[], stacks: readonly Stack[]): Buffer {
  const strings = new StringTable();
  const names = [...new Set(stacks.flatMap(({ functions }) => functions))];
  const ids = new Map(names.map((name, i) => [name, i + 1]));
  const profile = new Profile({
    sampleType: types.map((text) => {
      const [type = "", unit = ""] = text.split("/");
      return new ValueType({ type: strings.dedup(type), unit: strings.dedup(unit) });
    }),
    function: names.map((name, i) => new Function({ id: i + 1, name: strings.dedup(name) })),
    location: names.map((name, i) => {
      const line = name === "" ? [] : [new Line({ functionId: i + 1, line: 1 })];
      return new Location({ id: i + 1, address: 0x1000 + i, line });
    }),
    sample: stacks.map(({ functions, values, labels = {} }) => {
      const label = Object.entries(labels).map(
        ([key, value]) => new Label({ key: strings.dedup(key), str: strings.dedup(value) }),
      );
      return new Sample({ locationId: functions.map((name) => ids.get(name) ?? 0), value: values, label });
    }),
    stringTable: strings,
    durationNanos: 5_000_000_000,
  });
  return Buffer.from(profile.encode());
}

/** What Rust's `pprof` serves. */
export const cpuTypes = ["samples/count", "cpu/nanoseconds"];
/** What `jemalloc_pprof` serves. */
export const heapTypes = ["inuse_space/bytes"];
