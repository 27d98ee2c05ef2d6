import type { RulesArgs } from "../../../render/prometheus/rules";
import type { Firing, Series } from "../harness/promtool";

/** When an alert fires and what it says then, or that it does not; with the rules of `owner` unless others are given. */
export type Case = [alert: string, when: string, at: string, series: Series[], firing: Firing[], RulesArgs?];

export const environment = "production";
export const services = ["alloy", "host", "pyroscope", "soar.run"];
export const owner: RulesArgs = {
  environment,
  jobs: services,
  platform: { longestInterval: 60, pyroscope: { major: 1, dataDirectory: "/var/lib/pyroscope" } },
};

export const of = (job: string): string => `environment="production",job="${job}",instance="127.0.0.1:1"`;
export const sent = `pyroscope_write_sent_profiles_total{${of("alloy")},endpoint="http://p"}`;
export const dropped = `pyroscope_write_dropped_profiles_total{${of("alloy")},endpoint="http://p"}`;
export const discarded = (reason: string): string =>
  `pyroscope_discarded_samples_total{${of("pyroscope")},reason="${reason}",tenant="anonymous"}`;
export const compaction = `pyroscope_compactor_last_successful_run_timestamp_seconds{${of("pyroscope")}}`;
export const cleanup = `pyroscope_compactor_block_cleanup_last_successful_run_timestamp_seconds{${of("pyroscope")}}`;
export const received2 = `pyroscope_distributor_received_compressed_bytes_count{${of("pyroscope")},type="process_cpu"}`;
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
  platform: { pyroscope: { major: 2, dataDirectory: "/var/lib/pyroscope" } },
};
export const ofPyroscope = { job: "pyroscope", instance: "127.0.0.1:1" };
