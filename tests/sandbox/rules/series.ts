import { parseDuration, parseSize } from "../../../config/units";
import type { RulesArgs } from "../../../render/prometheus/rules";
import type { Firing, Series } from "../harness/promtool";

/** When an alert fires and what it says then, or that it does not; with the rules of `owner` unless others are given. */
export type Case = [alert: string, when: string, at: string, series: Series[], firing: Firing[], RulesArgs?];

export const environment = "production";
export const services = ["alloy", "host", "pyroscope", "soar.run"];
const minute = parseDuration("60s");
const kept = { retention: parseDuration("30d"), budget: parseSize("20GiB") };
export const owner: RulesArgs = {
  environment,
  owner: environment,
  jobs: services,
  services: [
    ...["a", "b", "c.d", "e-f", "g"].map((name) => ({
      name,
      profiles: ["cpu" as const],
      interval: minute,
      schedule: "always" as const,
    })),
    { name: "run", profiles: ["cpu", "heap"], interval: minute, schedule: "always" },
  ],
  sendsLogs: true,
  pyroscope: { ...kept, major: 1, dataDirectory: "/var/lib/pyroscope" },
};

export const of = (job: string): string => `environment="production",job="${job}",instance="127.0.0.1:1"`;

/** A counter of Alloy about one component that writes profiles. */
export const counted = (counter: "sent" | "dropped" | "retries", component: string): string =>
  `pyroscope_write_${counter}${counter === "retries" ? "" : "_profiles"}_total` +
  `{${of("alloy")},component_id="pyroscope.write.${component}",component_path="/",endpoint="http://p"}`;

/** A counter of Alloy about one component that writes to Loki. */
export const written = (counter: string, component: string, reason?: string): string =>
  `loki_write_${counter}_total{${of("alloy")},component_id="loki.write.${component}",component_path="/",host="l:1"` +
  `${reason === undefined ? "" : `,reason="${reason}"`},tenant=""}`;

/** How often a service's component was refused. */
export const refused = (component: string, reason: string): string =>
  `profiling_refused_profiles_total{${of("alloy")},component_id="loki.process.refusals",scrape="pyroscope.scrape.${component}",reason="${reason}"}`;

/** An Alloy that has run since long ago, and Prometheus asks. */
export const alloyRuns: Series[] = [
  { series: `up{${of("alloy")}}`, values: "1x600" },
  { series: `process_start_time_seconds{${of("alloy")}}`, values: "-86400x600" },
];
export const discarded = (reason: string): string =>
  `pyroscope_discarded_samples_total{${of("pyroscope")},reason="${reason}",tenant="anonymous"}`;
export const compaction = `pyroscope_compactor_last_successful_run_timestamp_seconds{${of("pyroscope")}}`;
export const cleanup = `pyroscope_compactor_block_cleanup_last_successful_run_timestamp_seconds{${of("pyroscope")}}`;
/** What a block took when it was stored. */
export const flushed = `pyroscope_head_flushed_block_size_bytes_sum{${of("pyroscope")},component="ingester",tenant="anonymous"}`;
export const received2 = counted("sent", "production_CPU_a");
export const compacted2 = (status: string): string =>
  `pyroscope_compaction_worker_jobs_completed_total{${of("pyroscope")},level="0",status="${status}"}`;
export const deleted2 = (status: string): string =>
  `pyroscope_compaction_worker_blocks_deleted_total{${of("pyroscope")},status="${status}"}`;
export const started: Series = { series: `process_start_time_seconds{${of("pyroscope")}}`, values: "0x600" };
export const filesystem = (metric: string, mountpoint: string): string =>
  `node_filesystem_${metric}_bytes{${of("host")},mountpoint="${mountpoint}",device="/dev/x",fstype="ext4"}`;

export const GiB = 2 ** 30;
export const size: Series = { series: filesystem("size", "/"), values: `${100 * GiB}x600` };
export const guarded = "At 10 GiB Pyroscope deletes its oldest profiles, whatever the retention.";

export const second: RulesArgs = {
  ...owner,
  pyroscope: { ...kept, major: 2, dataDirectory: "/var/lib/pyroscope" },
};
