import { setTimeout as sleep } from "node:timers/promises";
import { flameGraph, hottestFunction, storedProfiles, type PyroscopeQuery } from "./pyroscope-api";

/** What a stack declares, as its output `services` says it. */
export interface DeclaredService {
  name: string;
  environment: string;
  profiles: string[];
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
  const end = Date.now();
  const range = { start: end - minutes * 60_000, end };
  const stored = await storedProfiles(query, range);
  const wanted = declared.flatMap(({ name, environment, profiles }) =>
    profiles.map((kind) => ({ service: name, environment, kind })),
  );
  return Promise.all(
    wanted.map(async ({ service, environment, kind }) => {
      const type = types[kind];
      const found = stored.filter(
        (profile) => profile.service === service && profile.environment === environment,
      );
      if (type === undefined || !found.some((profile) => profile.type === type.shown)) {
        return { service, environment, kind, amount: 0, hottest: undefined };
      }
      const graph = await flameGraph(query, { service, environment, type: type.shown }, range);
      const amount =
        type.counted === type.shown
          ? graph.total
          : (await flameGraph(query, { service, environment, type: type.counted }, range)).total;
      return { service, environment, kind, amount, hottest: hottestFunction(graph) };
    }),
  );
}

/** Asks again until every declared kind of profile has arrived, or the time is over; returns the last findings. */
export async function waitForProfiles(
  query: PyroscopeQuery,
  declared: readonly DeclaredService[],
  seconds: number,
): Promise<Finding[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const findings = await findProfiles(query, declared);
    if (findings.every(({ amount }) => amount > 0) || Date.now() > deadline) return findings;
    await sleep(1000);
  }
}

/** The findings as a table for a person. */
export function formatFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ service, environment, kind, amount, hottest }) => [
    service,
    environment,
    kind,
    amount === 0
      ? "nothing yet"
      : kind === "cpu"
        ? `${amount} samples`
        : `${(amount / 1024 / 1024).toFixed(1)} MiB`,
    hottest ?? "-",
  ]);
  const header = ["SERVICE", "ENVIRONMENT", "PROFILE", "LAST 5 MINUTES", "HOTTEST FUNCTION"];
  const table = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
