import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config/settings";
import {
  flameGraph,
  hottestFunction,
  storedProfiles,
  type FlameGraph,
  type PyroscopeQuery,
  type StoredProfile,
  type TimeRange,
} from "./pyroscope-api";

/** A service of a stack, and the kinds of its profiles. */
export interface DeclaredService {
  name: string;
  environment: string;
  profiles: readonly string[];
}

/** What a stack's settings declare. */
export function declaredServices({
  environment,
  services,
}: Pick<Settings, "environment" | "services">): DeclaredService[] {
  return services.map(({ name, profiles }) => ({ name, environment, profiles }));
}

/** What Pyroscope has of one declared kind of profile. */
export interface Finding {
  service: string;
  environment: string;
  /** `cpu` or `heap`. */
  kind: string;
  /** CPU: samples; heap: bytes in use, over all profiles of the time. 0 when nothing arrived. */
  amount: number;
  hottest: string | undefined;
}

/** How Pyroscope names what the Rust crates `pprof` and `jemalloc_pprof` serve. */
const types: Record<string, { counted: string; shown: string }> = {
  cpu: {
    counted: "process_cpu:samples:count:cpu:nanoseconds",
    shown: "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
  },
  heap: { counted: "memory:inuse_space:bytes:space:bytes", shown: "memory:inuse_space:bytes:space:bytes" },
};

/** Asks Pyroscope for every declared kind of profile of the last `minutes`. */
export async function findProfiles(
  query: PyroscopeQuery,
  declared: readonly DeclaredService[],
  minutes = 5,
): Promise<Finding[]> {
  const range = lastMinutes(minutes);
  const stored = await storedProfiles(query, range);
  return Promise.all(
    wantedOf(declared).map(async (wanted) => {
      const type = types[wanted.kind];
      if (type === undefined || !isStored(wanted, stored))
        return { ...wanted, amount: 0, hottest: undefined };
      const graphOf = (name: string): Promise<FlameGraph> =>
        flameGraph(query, { ...wanted, type: name }, range);
      const graph = await graphOf(type.shown);
      const { total } = type.counted === type.shown ? graph : await graphOf(type.counted);
      return { ...wanted, amount: total, hottest: hottestFunction(graph) };
    }),
  );
}

/**
 * Waits until every declared kind of profile has arrived, or the time is over; returns what is there.
 * @throws Error where Pyroscope does not answer by then
 */
export async function waitForProfiles(
  query: PyroscopeQuery,
  declared: readonly DeclaredService[],
  seconds: number,
): Promise<Finding[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      const stored = await storedProfiles(query, lastMinutes(5));
      if (wantedOf(declared).every((wanted) => isStored(wanted, stored)) || Date.now() > deadline) {
        return await findProfiles(query, declared);
      }
    } catch (error) {
      // Just after its start, Pyroscope breaks off some queries.
      if (Date.now() > deadline) throw error;
    }
    await sleep(1000);
  }
}

function lastMinutes(minutes: number): TimeRange {
  const end = Date.now();
  return { start: end - minutes * 60_000, end };
}

function wantedOf(declared: readonly DeclaredService[]): Pick<Finding, "service" | "environment" | "kind">[] {
  return declared.flatMap(({ name, environment, profiles }) =>
    profiles.map((kind) => ({ service: name, environment, kind })),
  );
}

function isStored(
  wanted: Pick<Finding, "service" | "environment" | "kind">,
  stored: readonly StoredProfile[],
): boolean {
  return stored.some(
    ({ service, environment, type }) =>
      service === wanted.service && environment === wanted.environment && type === types[wanted.kind]?.shown,
  );
}
