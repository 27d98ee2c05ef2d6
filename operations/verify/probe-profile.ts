import { gzipSync } from "node:zlib";
import { Function, Label, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";
import type { ProfileKind } from "../../config/service";

/** A thread of the program that never was, and how many of a hundred samples are of it. */
export interface ProbeThread {
  name: string;
  /** Its own function, by which it is known again once the label is gone. */
  function: string;
  samples: number;
}

/** As in a tokio program: most is done by workers of one name, and some by threads with names of their own. */
export const threads: readonly ProbeThread[] = [
  { name: "tokio-runtime-worker", function: "soar_profiling_probe::worker", samples: 60 },
  { name: "aprs-reader", function: "soar_profiling_probe::read", samples: 30 },
  { name: "db-writer", function: "soar_profiling_probe::write", samples: 10 },
];

/** A known profile, ready to be pushed. */
export interface ProbeProfile {
  kind: ProfileKind;
  gzipped: Buffer;
  /** Uncompressed, in bytes. */
  size: number;
  /** The sum of the values that Pyroscope has to answer with. */
  total: number;
  /** The same of each thread's own function. */
  ofThread: Record<string, number>;
}

interface Shape {
  /** How often each hundred samples are there. */
  hundreds: number;
  /** Frames between the thread's function and `main`, all of one recursive function. */
  depth: number;
}

/** Bytes of heap that a sample stands for. */
const heapBytes = 524_288;
/** Nanoseconds between two samples. */
const period = 10_101_010;

/** A hundred samples over several threads, as Rust's `pprof` and `jemalloc_pprof` write them. */
export function smallProbe(kind: ProfileKind, time: number): ProbeProfile {
  return build(kind, { hundreds: 1, depth: 3 }, time);
}

/** No more than this is pushed, however much Pyroscope takes. */
const most = { bytes: 16 * 1024 * 1024, samples: 16_000 };

/** The same near the limits of Pyroscope: many samples of deep stacks that repeat, so that little of it is stored. */
export function largeProbe(limits: { bytes: number; samples: number }, time: number): ProbeProfile {
  const hundreds = Math.floor(Math.min(limits.samples, most.samples) / 100) - 1;
  const margin = 65_536;
  const perSample = Math.floor((Math.min(limits.bytes, most.bytes) - margin) / (hundreds * 100));
  // A frame is a byte, and the rest of a sample some more than 20.
  return build("cpu", { hundreds, depth: Math.max(3, Math.min(perSample, deepest) - 22) }, time);
}

/** Pyroscope's `max_profile_stacktrace_depth` is 1000. */
const deepest = 1_000;

function build(kind: ProfileKind, { hundreds, depth }: Shape, time: number): ProbeProfile {
  const strings = new StringTable();
  const text = (value: string): number => strings.dedup(value);
  const type = (name: string, unit: string): ValueType =>
    new ValueType({ type: text(name), unit: text(unit) });
  const names = ["main", "recurse", ...threads.map((thread) => thread.function)].map((name) =>
    name.includes("::") ? name : `soar_profiling_probe::${name}`,
  );
  const functions = names.map(
    (name, i) => new Function({ id: i + 1, name: text(name), systemName: text(name) }),
  );
  const locations = names.map(
    (_, i) => new Location({ id: i + 1, line: [new Line({ functionId: i + 1, line: 1 })] }),
  );
  const trunk = [...Array<number>(depth).fill(2), 1];
  const samples = threads.flatMap(({ name, samples: count }, i) => {
    const sample = new Sample({
      locationId: [i + 3, ...trunk],
      value: kind === "cpu" ? [1, period] : [heapBytes],
      label: [new Label({ key: text("thread"), str: text(name) })],
    });
    return Array<Sample>(count * hundreds).fill(sample);
  });
  const profile = new Profile({
    sampleType:
      kind === "cpu"
        ? [type("samples", "count"), type("cpu", "nanoseconds")]
        : [type("inuse_space", "bytes")],
    sample: samples,
    location: locations,
    function: functions,
    stringTable: strings,
    timeNanos: BigInt(time) * 1_000_000n,
    durationNanos: kind === "cpu" ? 1_000_000_000n : 0n,
    periodType: kind === "cpu" ? type("cpu", "nanoseconds") : type("space", "bytes"),
    period: kind === "cpu" ? period : heapBytes,
  });
  const bytes = profile.encode();
  const unit = (kind === "cpu" ? 1 : heapBytes) * hundreds;
  return {
    kind,
    gzipped: gzipSync(bytes),
    size: bytes.length,
    total: 100 * unit,
    ofThread: Object.fromEntries(threads.map((thread) => [thread.function, thread.samples * unit])),
  };
}
