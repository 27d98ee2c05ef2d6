import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderRules, type RulesArgs } from "../../render/prometheus-rules";
import { ensureImage } from "../../sandbox/host/image";
import { run } from "../../sandbox/log";
import { promtoolTest, type Firing, type Series } from "./harness/promtool";

const environment = "production";
const services = ["alloy", "host", "pyroscope", "soar.run"];
const owner: RulesArgs = {
  environment,
  jobs: services,
  platform: { longestInterval: 60, pyroscope: { major: 1, dataDirectory: "/var/lib/pyroscope" } },
};

let promtool: string;
let directory: string;

beforeAll(async () => {
  promtool = path.join((await ensureImage()).rootfs, "usr/bin/promtool");
  directory = await mkdtemp(path.join(tmpdir(), "soar-rules-"));
}, 600_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

const of = (job: string): string => `environment="production",job="${job}",instance="127.0.0.1:1"`;
const sent = `pyroscope_write_sent_profiles_total{${of("alloy")},endpoint="http://p"}`;
const dropped = `pyroscope_write_dropped_profiles_total{${of("alloy")},endpoint="http://p"}`;
const discarded = (reason: string): string =>
  `pyroscope_discarded_samples_total{${of("pyroscope")},reason="${reason}",tenant="anonymous"}`;
const compaction = `pyroscope_compactor_last_successful_run_timestamp_seconds{${of("pyroscope")}}`;
const cleanup = `pyroscope_compactor_block_cleanup_last_successful_run_timestamp_seconds{${of("pyroscope")}}`;
const received2 = `pyroscope_distributor_received_compressed_bytes_count{${of("pyroscope")},type="process_cpu"}`;
const compacted2 = (status: string): string =>
  `pyroscope_compaction_worker_jobs_completed_total{${of("pyroscope")},level="0",status="${status}"}`;
const deleted2 = (status: string): string =>
  `pyroscope_compaction_worker_blocks_deleted_total{${of("pyroscope")},status="${status}"}`;
const started: Series = { series: `process_start_time_seconds{${of("pyroscope")}}`, values: "0x600" };
const filesystem = (metric: string, mountpoint: string): string =>
  `node_filesystem_${metric}_bytes{${of("host")},mountpoint="${mountpoint}",device="/dev/x",fstype="ext4"}`;

const GiB = 2 ** 30;
const size: Series = { series: filesystem("size", "/"), values: `${100 * GiB}x600` };
const guarded = "At 10 GiB Pyroscope deletes its oldest profiles, whatever the retention.";

const second: RulesArgs = {
  ...owner,
  platform: { pyroscope: { major: 2, dataDirectory: "/var/lib/pyroscope" } },
};
const ofPyroscope = { job: "pyroscope", instance: "127.0.0.1:1" };

/** Each alert: when it fires and what it says then, and when it does not. */
const cases: [alert: string, when: string, at: string, series: Series[], firing: Firing[], RulesArgs?][] = [
  [
    ...(["ProfilingTargetDown", "a target of ours does not answer for 5 minutes", "7m"] as const),
    [{ series: `up{${of("soar.run")}}`, values: "1 0x10" }],
    [
      {
        labels: { job: "soar.run", instance: "127.0.0.1:1" },
        severity: "critical",
        summary: "soar.run (production) does not answer Prometheus",
        description: "No metrics from 127.0.0.1:1 for 5 minutes.",
      },
    ],
  ],
  [
    ...(["ProfilingTargetDown", "not yet, or another's", "5m"] as const),
    [
      { series: `up{${of("alloy")}}`, values: "1 1 0x10" },
      { series: `up{${of("soarXrun")}}`, values: "0x10" },
      { series: 'up{environment="staging",job="alloy"}', values: "0x10" },
    ],
    [],
  ],
  [
    ...(["AlloySendsNoProfiles", "it stopped", "40m"] as const),
    [{ series: sent, values: "0+5x20 100x40" }],
    [
      {
        severity: "critical",
        summary: "Alloy sends no profiles",
        description: "Not one in 10m 0s: do the services serve /debug/pprof/, does Pyroscope answer?",
      },
    ],
  ],
  [
    ...(["AlloySendsNoProfiles", "it never did", "6m"] as const),
    [],
    [
      {
        severity: "critical",
        summary: "Alloy sends no profiles",
        description: "Not one in 10m 0s: do the services serve /debug/pprof/, does Pyroscope answer?",
      },
    ],
  ],
  [
    ...(["AlloySendsNoProfiles", "it sends, to one of two places", "40m"] as const),
    [
      { series: sent, values: "0+1x60" },
      { series: sent.replace("//p", "//q"), values: "5x60" },
    ],
    [],
  ],
  [
    ...(["AlloySendsNoProfiles", "the services are profiled every hour", "4h"] as const),
    [{ series: sent, values: "0x59 1x59 2x59 3x59 4x59" }],
    [],
    { ...owner, platform: { ...owner.platform, longestInterval: 3600 } },
  ],
  [
    ...(["AlloyDropsProfiles", "the first ever", "3m"] as const),
    [{ series: dropped, values: "_ _ 7x30" }],
    [
      {
        labels: { endpoint: "http://p" },
        summary: "Alloy drops profiles",
        description: "7 in 15 minutes could not be delivered to http://p, after all retries; they are lost.",
      },
    ],
  ],
  [
    ...(["AlloyDropsProfiles", "more and more", "30m"] as const),
    [{ series: dropped, values: "7+1x60" }],
    [
      {
        labels: { endpoint: "http://p" },
        summary: "Alloy drops profiles",
        description: "15 in 15 minutes could not be delivered to http://p, after all retries; they are lost.",
      },
    ],
  ],
  [
    ...(["AlloyDropsProfiles", "some long ago", "40m"] as const),
    [{ series: dropped, values: "_ _ 7x60" }],
    [],
  ],
  [
    ...(["PyroscopeDiscardsSamples", "each reason", "5m"] as const),
    [
      { series: discarded("rate_limited"), values: "_ 12x10" },
      { series: discarded("missing_labels"), values: "_ 1x10" },
    ],
    ["12", "1"].map((value, index) => {
      const reason = ["rate_limited", "missing_labels"][index] ?? "";
      return {
        labels: { reason },
        summary: `Pyroscope discards samples: ${reason}`,
        description: `${value} in 15 minutes, because of ${reason}.`,
      };
    }),
  ],
  [
    ...(["PyroscopeDiscardsSamples", "none any more", "30m"] as const),
    [{ series: discarded("rate_limited"), values: "_ 12x60" }],
    [],
  ],
  [
    ...(["PyroscopeCompactionStalled", "the last was 4 hours ago", "5h"] as const),
    [{ series: compaction, values: "3600x600" }, started],
    [
      {
        labels: { job: "pyroscope", instance: "127.0.0.1:1" },
        summary: "Pyroscope does not compact",
        description: "The last compaction was 4h 0m 0s ago: queries get slower and blocks pile up.",
      },
    ],
  ],
  [
    ...(["PyroscopeCompactionStalled", "Pyroscope has just started", "5h"] as const),
    [
      { series: compaction, values: "0x600" },
      { ...started, values: "14400x600" },
    ],
    [],
  ],
  [
    ...(["PyroscopeCompactionStalled", "it compacts every half hour", "5h"] as const),
    [{ series: compaction, values: "0+60x600" }, started],
    [],
  ],
  [
    ...(["PyroscopeCleanupStalled", "never any", "4h"] as const),
    [{ series: cleanup, values: "0x600" }, started],
    [
      {
        labels: { job: "pyroscope", instance: "127.0.0.1:1" },
        summary: "Pyroscope does not delete old profiles",
        description: "The last cleanup was 4h 0m 0s ago: what is older than the retention stays on the disk.",
      },
    ],
  ],
  [
    ...(["PyroscopeCleanupStalled", "it cleans up", "5h"] as const),
    [{ series: cleanup, values: "0+60x600" }, started],
    [],
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: every job fails", "5h"] as const),
    [
      { series: received2, values: "0+4x600" },
      { series: compacted2("success"), values: "7x600" },
      { series: compacted2("failure"), values: "0+3x600" },
      started,
    ],
    [
      {
        labels: ofPyroscope,
        summary: "Pyroscope does not compact",
        description:
          "720 profiles came in 3 hours, and no compaction succeeded: queries get slower and blocks pile up.",
      },
    ],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: it never did", "5h"] as const),
    [{ series: received2, values: "0+4x600" }, started],
    [
      {
        labels: ofPyroscope,
        summary: "Pyroscope does not compact",
        description:
          "720 profiles came in 3 hours, and no compaction succeeded: queries get slower and blocks pile up.",
      },
    ],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: it compacts, a profile an hour", "10h"] as const),
    [
      { series: received2, values: "0x59 1x59 2x59 3x59 4x59 5x59 6x59 7x59 8x59 9x59 10x59" },
      { series: compacted2("success"), values: "_ 0x59 1x59 2x59 3x59 4x59 5x59 6x59 7x59 8x59 9x59" },
      started,
    ],
    [],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: nothing comes in", "5h"] as const),
    [{ series: received2, values: "4x600" }, { series: compacted2("success"), values: "7x600" }, started],
    [],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: it has just started", "5h"] as const),
    [
      { series: received2, values: "0+4x600" },
      { ...started, values: "14400x600" },
    ],
    [],
    second,
  ],
  [
    ...(["PyroscopeCleanupStalled", "2.x: every deletion fails", "5h"] as const),
    [
      { series: compacted2("success"), values: "0+2x600" },
      { series: deleted2("failure"), values: "0+9x600" },
      started,
    ],
    [
      {
        labels: ofPyroscope,
        summary: "Pyroscope does not delete old profiles",
        description:
          "360 compactions in 3 hours, and no block was deleted: what is older than the retention stays on the disk.",
      },
    ],
    second,
  ],
  [
    ...(["PyroscopeCleanupStalled", "2.x: it deletes", "5h"] as const),
    [
      { series: compacted2("success"), values: "0+2x600" },
      { series: deleted2("success"), values: "0+9x600" },
      started,
    ],
    [],
    second,
  ],
  [
    ...(["ProfilingDiskLow", "less is free than the guard and a fifth", "10m"] as const),
    [{ series: filesystem("avail", "/"), values: `${11 * GiB}x600` }, size],
    [
      {
        labels: { mountpoint: "/" },
        severity: "critical",
        summary: "The disk of the profiles is almost full",
        description: `11GiB are free on /. ${guarded}`,
      },
    ],
  ],
  [
    ...(["ProfilingDiskLow", "another file system is full than that of the profiles", "10m"] as const),
    [
      { series: filesystem("avail", "/"), values: "0x600" },
      { series: filesystem("avail", "/var/lib"), values: `${50 * GiB}x600` },
      { series: filesystem("avail", "/var/lib/docker"), values: "0x600" },
      { series: filesystem("avail", "/var"), values: "0x600" },
    ],
    [],
  ],
  [
    ...(["ProfilingDiskLow", "Pyroscope 2.x, which has no guard, has 4 %", "10m"] as const),
    [{ series: filesystem("avail", "/"), values: `${4 * GiB}x600` }, size],
    [
      {
        labels: { mountpoint: "/" },
        severity: "critical",
        summary: "The disk of the profiles is almost full",
        description: "4GiB are free on /. On a full disk Pyroscope takes no profiles.",
      },
    ],
    second,
  ],
  [
    ...(["ProfilingDiskFilling", "2 GiB an hour of 40", "9h"] as const),
    [{ series: filesystem("avail", "/"), values: `${40 * GiB}-${(2 * GiB) / 64}x600` }, size],
    [
      {
        labels: { mountpoint: "/" },
        summary: "The disk of the profiles fills up",
        description: `As in the last 6 hours, -21.88GiB would be free on / in a day. ${guarded}`,
      },
    ],
  ],
  [
    ...(["ProfilingDiskFilling", "as fast, on a disk that is more than half empty", "5h"] as const),
    [{ series: filesystem("avail", "/"), values: `${90 * GiB}-${(4 * GiB) / 64}x600` }, size],
    [],
  ],
  [
    ...(["ProfilingDiskFilling", "slowly", "9h"] as const),
    [{ series: filesystem("avail", "/"), values: `${40 * GiB}-${GiB / 64}x600` }, size],
    [],
  ],
];

describe("promtool sees the alert", () => {
  test.each(cases)("%s: %s", async (alert, _, at, series, firing, args) => {
    expect(await promtoolTest(promtool, directory, alert, at, series, firing, args ?? owner)).toBe(
      "as expected",
    );
  });

  test("every one of them in both states", () => {
    const rules = renderRules(owner) ?? "";
    const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const seen = (fires: boolean): (string | undefined)[] =>
      alerts.filter((name) =>
        cases.some(([alert, , , , firing]) => alert === name && fires === firing.length > 0),
      );
    expect(alerts.length).toBe(8);
    expect(seen(true)).toEqual(alerts);
    expect(seen(false)).toEqual(alerts);
  });

  test("and says where an expectation is wrong, so that these tests can fail", async () => {
    const firing = [{ summary: "x", description: "y" }];
    expect(await promtoolTest(promtool, directory, "ProfilingTargetDown", "7m", [], firing, owner)).toContain(
      "FAILED",
    );
  });
});

describe("promtool accepts the rules", () => {
  test.each<[string, RulesArgs]>([
    ["of the platform's owner", owner],
    ["of one on another's platform", { environment: "staging", jobs: ["soar-run"] }],
    [
      "of one with a remote Pyroscope",
      { environment: "x", jobs: ["alloy"], platform: { longestInterval: 1 } },
    ],
    [
      "about Pyroscope 2.x",
      { environment: "x", jobs: [], platform: { pyroscope: { major: 2, dataDirectory: "/srv" } } },
    ],
  ])("%s", async (_, args) => {
    await writeFile(path.join(directory, "check.yml"), renderRules(args) ?? "");
    const checked = await run(promtool, ["check", "rules", "--lint-fatal", "check.yml"], {
      allowFailure: true,
      cwd: directory,
    });
    expect(checked).toMatchObject({ code: 0 });
  });
});
