import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { renderAlloyPlatform } from "../../render/alloy/platform";
import {
  renderScrapeJob,
  renderTargetFile,
  scrapeTargets,
  targetFilesJob,
  type ScrapeTarget,
} from "../../render/prometheus/jobs";
import { renderRules } from "../../render/prometheus/rules";
import { accepted } from "../config/sample";

const { services } = accepted({
  services: [
    { name: "soar-web", port: 9092, metrics: { path: "/internal/metrics", port: 9192 } },
    { name: "soar-run", port: 9091, metrics: true },
    { name: "soar-ingest-ogn", port: 9093, address: "::1", metrics: true },
    { name: "soar-ingest-adsb", port: 9094 },
  ],
});
const platform = { alloyUrl: "http://127.0.0.1:12345", pyroscopeUrl: "http://127.0.0.1:4040/profiles/" };
const targets = scrapeTargets(services, platform);
const target = (name: string): ScrapeTarget => {
  const found = targets.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no target ${name}`);
  return found;
};

describe("golden", () => {
  test("a job with all that it can have", async () => {
    const text = renderScrapeJob("production", target("soar-web"));
    await expect(text).toMatchFileSnapshot("../golden/prometheus-job.yml");
  });

  test("the same as a target file", async () => {
    const text = renderTargetFile("production", target("soar-web"));
    await expect(text).toMatchFileSnapshot("../golden/prometheus-targets.yml");
  });

  test("rules", async () => {
    const text = renderRules({
      environment: "production",
      jobs: targets.map(({ name }) => name),
      platform: { longestInterval: 60, pyroscope: { major: 1, dataDirectory: "/var/lib/pyroscope" } },
    });
    await expect(text).toMatchFileSnapshot("../golden/prometheus-rules.yml");
  });

  test("Alloy's platform with the host's metrics", async () => {
    const text = renderAlloyPlatform({ pyroscopeUrl: "http://127.0.0.1:4040", hostMetrics: true });
    await expect(text).toMatchFileSnapshot("../golden/platform-metrics.alloy");
  });
});

describe("the targets of an environment", () => {
  test("are its services with metrics, and the platform's processes where it is its own", () => {
    expect(targets).toEqual([
      { name: "alloy", address: "127.0.0.1:12345", path: "/metrics" },
      {
        name: "host",
        address: "127.0.0.1:12345",
        path: "/api/v0/component/prometheus.exporter.unix.platform/metrics",
      },
      { name: "pyroscope", address: "127.0.0.1:4040", path: "/profiles/metrics" },
      { name: "soar-ingest-ogn", address: "[::1]:9093", path: "/metrics" },
      { name: "soar-run", address: "127.0.0.1:9091", path: "/metrics" },
      { name: "soar-web", address: "127.0.0.1:9192", path: "/internal/metrics" },
    ]);
    expect(scrapeTargets(services, undefined).map(({ name }) => name)).toEqual([
      "soar-ingest-ogn",
      "soar-run",
      "soar-web",
    ]);
    expect(scrapeTargets([], { alloyUrl: platform.alloyUrl }).map(({ name }) => name)).toEqual([
      "alloy",
      "host",
    ]);
  });

  test("have the same labels and paths in both kinds of file", () => {
    for (const one of targets) {
      const { scrape_configs } = parse(renderScrapeJob("e", one)) as {
        scrape_configs: { metrics_path?: string; static_configs: { targets: string[]; labels: object }[] }[];
      };
      const [job] = scrape_configs;
      const [fromFile] = parse(renderTargetFile("e", one)) as [{ targets: string[]; labels: object }];
      const [fromJob] = job?.static_configs ?? [];
      const path = job?.metrics_path === undefined ? {} : { __metrics_path__: job.metrics_path };
      expect(fromFile).toEqual({ ...fromJob, labels: { ...fromJob?.labels, ...path } });
    }
  });
});

test("the job of the target files is one line of YAML", () => {
  const line = targetFilesJob("/etc/prometheus/soar-profiling-targets/*.yml");
  expect(line).toMatch(/^\{.*\}$/);
  expect(parse(line)).toEqual({
    job_name: "soar-profiling",
    scrape_interval: "15s",
    file_sd_configs: [{ files: ["/etc/prometheus/soar-profiling-targets/*.yml"] }],
  });
});

describe("the rules", () => {
  const pyroscope = { major: 1, dataDirectory: "/var/lib/pyroscope" } as const;
  const names = (text: string | undefined): string[] =>
    [...(text ?? "").matchAll(/(?:alert|record): (\S+)/g)].map(([, name = ""]) => name);

  test("are none where there is nothing to watch", () => {
    expect(renderRules({ environment: "e", jobs: [] })).toBeUndefined();
  });

  test("are about what the environment has", () => {
    const disk = ["profiling:filesystem_avail_bytes", "profiling:filesystem_size_bytes"];
    const diskAlerts = ["ProfilingDiskLow", "ProfilingDiskFilling"];
    const of = (args: Omit<Parameters<typeof renderRules>[0], "environment">): string[] =>
      names(renderRules({ environment: "e", ...args }));
    expect(of({ jobs: ["a"] })).toEqual(["ProfilingTargetDown"]);
    expect(of({ jobs: [], platform: {} })).toEqual(["AlloyDropsProfiles"]);
    expect(of({ jobs: [], platform: { longestInterval: 60 } })).toEqual([
      "AlloySendsNoProfiles",
      "AlloyDropsProfiles",
    ]);
    for (const major of [1, 2] as const) {
      expect(of({ jobs: [], platform: { pyroscope: { ...pyroscope, major } } })).toEqual([
        ...["AlloyDropsProfiles", "PyroscopeDiscardsSamples"],
        ...["PyroscopeCompactionStalled", "PyroscopeCleanupStalled", ...disk, ...diskAlerts],
      ]);
    }
  });

  test("about Pyroscope 2.x are in terms of its own metrics", () => {
    const text = renderRules({
      environment: "e",
      jobs: [],
      platform: { pyroscope: { ...pyroscope, major: 2 } },
    });
    expect(text).not.toContain("pyroscope_compactor_");
    const of = (name: string): string =>
      text?.split(`alert: ${name}\n`)[1]?.split("expr: ")[1]?.split("\n")[0] ?? "";
    const job = 'environment="e",job="pyroscope"';
    const old = `and on (instance, job) time() - process_start_time_seconds{${job}} > 10800`;
    const compacted = `sum by (instance, job) (increase(pyroscope_compaction_worker_jobs_completed_total{${job},status="success"}[10800s])) > 0`;
    expect(of("PyroscopeCompactionStalled")).toBe(
      `sum by (instance, job) (increase(pyroscope_distributor_received_compressed_bytes_count{${job}}[10800s])) > 0 ${old} unless ${compacted}`,
    );
    expect(of("PyroscopeCleanupStalled")).toBe(
      `${compacted} ${old} unless sum by (instance, job) (increase(pyroscope_compaction_worker_blocks_deleted_total{${job},status="success"}[10800s])) > 0`,
    );
  });

  test("name every environment in labels, names and selectors", () => {
    const text = renderRules({ environment: "blue", jobs: ["a.b"], platform: { pyroscope } }) ?? "";
    const [group] = (
      parse(text) as { groups: { name: string; rules: { expr: string; labels?: object }[] }[] }
    ).groups;
    expect(group?.name).toBe("blue-profiling");
    for (const { expr, labels } of group?.rules ?? []) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      expect(selectors.length).toBeGreaterThan(0);
      for (const selector of selectors) expect(selector).toContain('environment="blue"');
      if (labels !== undefined) expect(labels).toMatchObject({ environment: "blue" });
    }
    expect(group?.rules[0]?.expr).toBe('up{environment="blue",job=~"a\\\\.b"} == 0');
  });
});
