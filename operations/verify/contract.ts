import type { ProfileKind } from "../../config/service";
import { droppedLabels } from "../../render/pyroscope";
import { type DecodedProfile, labelCounts, namedShare } from "./decode";

/** The limits of the Pyroscope that profiles go to. */
export interface Limits {
  /** Of an uncompressed profile, in bytes. */
  bytes: number;
  samples: number;
  /** Labels of one sample. */
  labels: number;
}

/** Pyroscope's defaults. */
export const defaultLimits: Limits = { bytes: 4 * 1024 * 1024, samples: 16_000, labels: 100 };

/** What Pyroscope needs of each kind, and how it names it: what is counted, and what a user looks at. */
export const kinds: Record<ProfileKind, { type: string; counted: string; shown: string; path: string }> = {
  cpu: {
    type: "cpu/nanoseconds",
    counted: "process_cpu:samples:count:cpu:nanoseconds",
    shown: "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
    path: "/debug/pprof/profile",
  },
  heap: {
    type: "inuse_space/bytes",
    counted: "memory:inuse_space:bytes:space:bytes",
    shown: "memory:inuse_space:bytes:space:bytes",
    path: "/debug/pprof/heap",
  },
};

/** What is dropped where profiles come in. */
const dropped = new RegExp(`^(${droppedLabels})$`);

/** Whether a label that is kept makes more series than anyone looks at, such as one for nearly each sample. */
function hasManyValues(values: number, samples: number): boolean {
  return values > 100 || (values >= 10 && values >= 0.9 * samples);
}

/** What is wrong with a profile, and what to do. */
export interface Fault {
  problem: string;
  remedy: string;
}

/** The first fault of a profile that an endpoint served for a kind; undefined when it is as it should be. */
export function faultOf(
  profile: DecodedProfile,
  kind: ProfileKind,
  { limits, setting }: { limits: Limits; setting: string },
): Fault | undefined {
  const { types, samples, size } = profile;
  if (!types.includes(kinds[kind].type)) return wrongKind(types, kind, setting);
  if (size > limits.bytes) {
    return {
      problem: `the profile has ${size} bytes uncompressed, and Pyroscope takes ${limits.bytes} (max_profile_size_bytes)`,
      remedy: `measure for a shorter time (${setting}.duration), or let Pyroscope take more`,
    };
  }
  if (samples.length > limits.samples) {
    return {
      problem: `the profile has ${samples.length} samples, and Pyroscope takes ${limits.samples} (max_profile_stacktrace_samples)`,
      remedy: `measure for a shorter time (${setting}.duration), or let Pyroscope take more`,
    };
  }
  const labels = Math.max(0, ...samples.map((sample) => Object.keys(sample.labels).length));
  if (labels > limits.labels) {
    return {
      problem: `a sample has ${labels} labels, and Pyroscope takes ${limits.labels} (max_profile_stacktrace_sample_labels)`,
      remedy: "let the service label its samples by less",
    };
  }
  const many = Object.entries(labelCounts(profile)).find(
    ([key, n]) => hasManyValues(n, samples.length) && !dropped.test(key),
  );
  if (many !== undefined) {
    return {
      problem: `the samples' label ${many[0]} has ${many[1]} values in one profile, and Pyroscope makes a series of each`,
      remedy: `let the service leave out the label ${many[0]}`,
    };
  }
  if (namedShare(profile) < 0.5) {
    return {
      problem: `${Math.round((1 - namedShare(profile)) * 100)} % of the frames are addresses or [unknown], without a function's name`,
      remedy:
        "build the service with debug information and frame pointers: in Cargo.toml [profile.release] debug = 1, and " +
        "RUSTFLAGS='-C force-frame-pointers=yes'",
    };
  }
  return undefined;
}

function wrongKind(types: readonly string[], kind: ProfileKind, setting: string): Fault {
  const isCpu = types.includes(kinds.cpu.type);
  const served = isCpu ? "CPU data" : types.includes(kinds.heap.type) ? "heap data" : "other data";
  return {
    problem: `serves ${served} (${types.join(", ")}) where ${kind} is declared, which is ${kinds[kind].type}`,
    remedy: `let the service serve ${kinds[kind].type} at ${kinds[kind].path}, or take ${kind} out of ${setting}.profiles`,
  };
}
