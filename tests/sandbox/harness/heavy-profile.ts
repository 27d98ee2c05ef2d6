import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Function, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";

/** A CPU profile of that many functions with names of a quarter of a kilobyte, that nothing makes much smaller; gzipped. */
export function heavyProfile(functions: number, time: number): Buffer {
  const strings = new StringTable();
  const text = (value: string): number => strings.dedup(value);
  const type = (name: string, unit: string): ValueType =>
    new ValueType({ type: text(name), unit: text(unit) });
  const ids = Array.from({ length: functions }, (_, i) => i + 1);
  const bytes = new Profile({
    sampleType: [type("samples", "count"), type("cpu", "nanoseconds")],
    function: ids.map((id) => new Function({ id, name: text(randomBytes(192).toString("base64")) })),
    location: ids.map((id) => new Location({ id, line: [new Line({ functionId: id, line: 1 })] })),
    sample: ids.map((id) => new Sample({ locationId: [id], value: [1, 10_000_000] })),
    stringTable: strings,
    timeNanos: BigInt(time) * 1_000_000n,
    periodType: type("cpu", "nanoseconds"),
    period: 10_000_000,
  }).encode();
  return gzipSync(bytes, { level: 1 });
}
