import { gzipSync } from "node:zlib";
import { Function, Label, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";

/** What a service of Rust sends for some seconds of work, about: many stacks that share most of their frames. */
export interface LoadProfile {
  gzipped: Buffer;
  /** Uncompressed, in bytes. */
  size: number;
}

const functions = 400;
const stacks = 150;
const depth = 25;

/** A CPU profile; another `seed` is another one of the same program. */
export function loadProfile(seed: number): LoadProfile {
  let state = seed + 1;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
  const strings = new StringTable();
  const text = (value: string): number => strings.dedup(value);
  const type = (name: string, unit: string): ValueType =>
    new ValueType({ type: text(name), unit: text(unit) });
  const ids = Array.from({ length: functions }, (_, i) => i + 1);
  const named = (id: number): string =>
    `<soar::module_${id % 20}::Worker<T> as core::future::future::Future>::poll_step_${id}`;
  const bytes = new Profile({
    sampleType: [type("samples", "count"), type("cpu", "nanoseconds")],
    function: ids.map(
      (id) => new Function({ id, name: text(named(id)), filename: text(`src/module_${id % 20}.rs`) }),
    ),
    location: ids.map((id) => new Location({ id, line: [new Line({ functionId: id, line: id })] })),
    sample: Array.from({ length: stacks }, (_, i) => {
      // The upper half of a stack is one of few.
      const trunk = i % 8;
      const upper = Array.from({ length: depth / 2 }, (_unused, k) => ((trunk * 31 + k * 7) % functions) + 1);
      const lower = Array.from({ length: depth / 2 }, () => random(functions) + 1);
      const count = random(10) + 1;
      return new Sample({
        locationId: [...lower, ...upper],
        value: [count, count * 10_101_010],
        label: [new Label({ key: text("thread"), str: text(`worker-${i % 4}`) })],
      });
    }),
    stringTable: strings,
    periodType: type("cpu", "nanoseconds"),
    period: 10_101_010,
  }).encode();
  return { gzipped: gzipSync(bytes), size: bytes.length };
}
