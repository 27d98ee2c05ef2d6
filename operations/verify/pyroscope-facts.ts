import { parse } from "yaml";
import type { PyroscopeFacts } from "./checks";
import { defaultLimits, type Limits } from "./contract";
import { parseJson, type Pyroscope, statsRequest } from "./pyroscope";

/** What Pyroscope says of itself, or why it does not. */
export type KnownPyroscope = PyroscopeFacts & { limits: Limits; error: string | undefined };

/** Asks Pyroscope for its version, the limits it really has, and its oldest profile. */
export async function askFacts(pyroscope: Pyroscope): Promise<KnownPyroscope> {
  const [build, config, stats] = await pyroscope.ask([
    { path: "/api/v1/status/buildinfo" },
    { path: "/api/v1/status/config" },
    statsRequest(),
  ]);
  try {
    const { oldestProfileTime } = parseJson(stats) as { oldestProfileTime?: string };
    const oldest = Number(oldestProfileTime ?? 0);
    return {
      version: build?.status === 200 ? versionOf(build.body.toString()) : undefined,
      oldest: oldest > 0 ? oldest : undefined,
      // A remote one may show none of it.
      limits: config?.status === 200 ? limitsOf(config.body.toString()) : defaultLimits,
      error: undefined,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { version: undefined, oldest: undefined, limits: defaultLimits, error: reason };
  }
}

function versionOf(body: string): string | undefined {
  const { data } = JSON.parse(body) as { data?: { version?: string } };
  return data?.version;
}

/** Of the configuration that runs. 0 stands for none. */
export function limitsOf(text: string): Limits {
  const { limits = {} } = parse(text) as { limits?: Record<string, number | undefined> };
  const limit = (name: string, fallback: number): number => {
    const value = limits[name] ?? fallback;
    return value > 0 ? value : Infinity;
  };
  return {
    bytes: limit("max_profile_size_bytes", defaultLimits.bytes),
    samples: limit("max_profile_stacktrace_samples", defaultLimits.samples),
    labels: limit("max_profile_stacktrace_sample_labels", defaultLimits.labels),
  };
}
