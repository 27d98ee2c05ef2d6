import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseDuration, parseSize } from "../../config/units";
import { renderProfiles } from "../../render/alloy/profiles";
import {
  longestScrapeInterval,
  renderScrapeJob,
  renderTargetFile,
  scrapeTargets,
  targetFilesJob,
  type ScrapeTarget,
} from "../../render/prometheus/jobs";
import { renderRules } from "../../render/prometheus/rules";
import { accepted } from "../config/sample";
import { rules, sampleServices } from "./samples";
import type { WatchedService } from "../../render/prometheus/silent-profiles";

const { services } = accepted({
  services: [
    {
      name: "soar-web",
      port: 9092,
      metrics: {
        path: "/internal/metrics",
        port: 9192,
        interval: "1m",
        timeout: "30s",
        labels: { team: "web", component: "liveview" },
      },
    },
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
    const text = renderRules({ ...rules, jobs: targets.map(({ name }) => name) });
    await expect(text).toMatchFileSnapshot("../golden/prometheus-rules.yml");
  });

  test("rules of an environment on another's platform", async () => {
    const text = renderRules({
      environment: "staging",
      owner: "production",
      jobs: ["soar-run-staging"],
      services: [
        { name: "soar-run-staging", profiles: ["cpu"], interval: parseDuration("60s"), schedule: "always" },
        {
          name: "soar-pull-data",
          profiles: ["cpu"],
          interval: parseDuration("60s"),
          schedule: "intermittent",
        },
        { name: "soar-web-staging", profiles: [], interval: parseDuration("15s"), schedule: "always" },
      ],
    });
    await expect(text).toMatchFileSnapshot("../golden/prometheus-rules-shared.yml");
  });
});

describe("the targets of an environment", () => {
  test("are its services with metrics, and the platform's processes where it is its own", () => {
    const common = { interval: 15, labels: {} };
    expect(targets).toEqual([
      { name: "alloy", address: "127.0.0.1:12345", path: "/metrics", ...common },
      {
        name: "host",
        address: "127.0.0.1:12345",
        path: "/api/v0/component/prometheus.exporter.unix.platform/metrics",
        ...common,
      },
      { name: "pyroscope", address: "127.0.0.1:4040", path: "/profiles/metrics", ...common },
      { name: "soar-ingest-ogn", address: "[::1]:9093", path: "/metrics", ...common },
      { name: "soar-run", address: "127.0.0.1:9091", path: "/metrics", ...common },
      {
        name: "soar-web",
        address: "127.0.0.1:9192",
        path: "/internal/metrics",
        interval: 60,
        timeout: 30,
        labels: { team: "web", component: "liveview" },
      },
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

  test("have the same labels, paths and times in both kinds of file", () => {
    for (const one of targets) {
      const { scrape_configs } = parse(renderScrapeJob("e", one)) as {
        scrape_configs: {
          metrics_path?: string;
          scrape_interval: string;
          scrape_timeout?: string;
          static_configs: { targets: string[]; labels: object }[];
        }[];
      };
      const [job] = scrape_configs;
      const [fromFile] = parse(renderTargetFile("e", one)) as [{ targets: string[]; labels: object }];
      const [fromJob] = job?.static_configs ?? [];
      const path = job?.metrics_path === undefined ? {} : { __metrics_path__: job.metrics_path };
      const interval = job?.scrape_interval === "15s" ? {} : { __scrape_interval__: job?.scrape_interval };
      const timeout = job?.scrape_timeout === undefined ? {} : { __scrape_timeout__: job.scrape_timeout };
      expect(fromFile).toEqual({
        ...fromJob,
        labels: { ...fromJob?.labels, ...path, ...interval, ...timeout },
      });
    }
  });

  test("have a time limit within a short interval, which a target of a common job would exceed", () => {
    const limit = (interval: string): string | undefined => {
      const { services } = accepted({ services: [{ name: "a", port: 1, metrics: { interval } }] });
      const [one] = scrapeTargets(services, undefined);
      if (one === undefined) throw new Error("no target");
      expect(renderScrapeJob("e", one)).not.toContain("scrape_timeout");
      return /__scrape_timeout__: (.*)/.exec(renderTargetFile("e", one))?.[1];
    };
    expect(["1s", "12s", "15s", "2m"].map(limit)).toEqual(["1s", "10s", undefined, undefined]);
  });

  test("are those of services without profiles too", () => {
    const { services } = accepted({
      services: [
        { name: "web", profiles: [], metrics: { port: 61_225, path: "/data/metrics" } },
        { name: "sitemap", profiles: [], unit: "soar-sitemap.service", schedule: "intermittent" },
      ],
    });
    expect(scrapeTargets(services, undefined)).toMatchObject([
      { name: "web", address: "127.0.0.1:61225", path: "/data/metrics" },
    ]);
  });

  test("are asked by Grafana in the longest of their rhythms", () => {
    expect(longestScrapeInterval([])).toBe("15s");
    expect(longestScrapeInterval(services)).toBe("1m");
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
  const kept = { retention: parseDuration("30d"), budget: parseSize("20GiB") };
  const pyroscope = { ...kept, major: 1, dataDirectory: "/var/lib/pyroscope" } as const;
  const names = (text: string | undefined): string[] => [
    ...new Set([...(text ?? "").matchAll(/(?:alert|record): "?([\w:]+)/g)].map(([, name = ""]) => name)),
  ];
  const nothing = { environment: "e", owner: "o", jobs: [], services: [] };
  const own = { ...nothing, owner: "e" };
  const service = {
    name: "s",
    profiles: ["cpu" as const],
    interval: parseDuration("60s"),
    schedule: "always" as const,
  };

  test("are none where there is nothing to watch", () => {
    expect(renderRules(nothing)).toBeUndefined();
  });

  test("are about what the environment has", () => {
    const disk = ["profiling:filesystem_avail_bytes", "profiling:filesystem_size_bytes"];
    const diskAlerts = ["ProfilingDiskLow", "ProfilingDiskFilling"];
    const delivery = ["AlloyDeliversNothing", "AlloyDropsProfiles"];
    expect(names(renderRules({ ...nothing, jobs: ["a"] }))).toEqual(["ProfilingTargetDown"]);
    expect(names(renderRules({ ...nothing, services: [service] }))).toEqual([
      ...["", "silent_", "refused_", "undelivered_"].map((what) => `profiling:${what}interval_seconds`),
      "ProfilesRefused",
      "ProfilesNotDelivered",
      "ProfilesMissing",
      "ProfilesDropped",
      "ProfilesUnwatched",
    ]);
    expect(names(renderRules(own))).toEqual(delivery);
    expect(names(renderRules({ ...nothing, sendsLogs: true }))).toEqual(["LogsDropped", "LogsNotDelivered"]);
    expect(renderRules(own, "elsewhere")).toBeUndefined();
    for (const major of [1, 2] as const) {
      expect(names(renderRules({ ...own, pyroscope: { ...pyroscope, major } }))).toEqual([
        ...delivery,
        "PyroscopeDiscardsSamples",
        "PyroscopeCompactionStalled",
        "PyroscopeCleanupStalled",
        ...(major === 1 ? ["ProfilingBudgetTooSmall"] : []),
        ...disk,
        ...diskAlerts,
      ]);
    }
  });

  test("are none of a service without profiles", () => {
    const other = { ...service, name: "t", profiles: [], interval: parseDuration("10m") };
    const text = (services: WatchedService[]): string | undefined => renderRules({ ...own, services });
    expect(renderRules({ ...nothing, services: [other] })).toBeUndefined();
    expect(text([other])).toBe(text([]));
    expect(text([other, service])).toBe(text([service]));
  });

  test("of an intermittent service are about what answers, and not of its being away", () => {
    const text = renderRules({ ...own, services: [{ ...service, schedule: "intermittent" }] }) ?? "";
    expect(text).toContain("component_id: pyroscope.write.e_CPU_s, schedule: intermittent }");
    const recorded = text.split("record: profiling:silent_interval_seconds\n")[1]?.split("\n")[0] ?? "";
    expect(recorded).toContain('profiling:interval_seconds{environment="e",schedule="intermittent"} == 60');
    expect(recorded).toMatch(/ unless on \(component_id\) label_replace\(.*reason="connection refused"/);
    expect(renderRules({ ...own, services: [service] })).not.toContain("connection refused");
  });

  test("have a line for each service and kind, and no alert for each", () => {
    const of = (count: number): string[] => {
      const services = Array.from({ length: count }, (_, index) => ({ ...service, name: `s-${index}` }));
      return (renderRules({ ...nothing, services }) ?? "").split("\n");
    };
    expect(of(12).length - of(2).length).toBe(10);
    expect(of(2).filter((line) => line.includes("s-1"))).toEqual([
      `      - { record: profiling:interval_seconds, expr: vector(60), labels: { environment: e, service_name: s-1, kind: cpu, component_id: pyroscope.write.e_CPU_s__1 } }`,
    ]);
  });

  test("name the components that Alloy has", () => {
    const services = sampleServices();
    const text = renderProfiles({ environment: "a-b", services, authenticates: false });
    const components = [...text.matchAll(/^pyroscope\.write "(.+)"/gm)].map(
      ([, label]) => `pyroscope.write.${label}`,
    );
    const watched = renderRules({ environment: "a-b", owner: "o", jobs: [], services });
    const declared = [...(watched ?? "").matchAll(/component_id: (pyroscope\S+)/g)].map(([, id]) => id);
    expect(declared).toEqual(components);
    expect(components).toHaveLength(4);
  });

  test("rest on no histogram that is native, too, of which a Prometheus that takes these stores no count", () => {
    for (const major of [1, 2] as const) {
      const text = renderRules({ ...rules, pyroscope: { ...pyroscope, major } }) ?? "";
      const used = text.match(/\w+_(count|sum|bucket)\{/g) ?? [];
      // Pyroscope declares this one with buckets alone.
      const known = "pyroscope_head_flushed_block_size_bytes_sum{";
      expect(used.filter((metric) => metric !== known)).toEqual([]);
      expect(used).toHaveLength(major === 1 ? 1 : 0);
    }
  });

  test("about Pyroscope 2.x are in terms of its own metrics", () => {
    const text = renderRules({ ...own, pyroscope: { ...pyroscope, major: 2 } });
    expect(text).not.toContain("pyroscope_compactor_");
    const of = (name: string): string =>
      text?.split(`alert: ${name}\n`)[1]?.split("expr: ")[1]?.split("\n")[0] ?? "";
    const job = 'environment="e",job="pyroscope"';
    const old = `and on () time() - process_start_time_seconds{${job}} > 10800`;
    const compacted = `sum(increase(pyroscope_compaction_worker_jobs_completed_total{${job},status="success"}[10800s])) > 0`;
    expect(of("PyroscopeCompactionStalled")).toBe(
      `sum(increase(pyroscope_write_sent_profiles_total{environment="e",job="alloy"}[10800s])) > 0 ${old} unless ${compacted}`,
    );
    expect(of("PyroscopeCleanupStalled")).toBe(
      `${compacted} ${old} unless sum(increase(pyroscope_compaction_worker_blocks_deleted_total{${job},status="success"}[10800s])) > 0`,
    );
  });

  test("name every environment in labels, names and selectors, and the platform's where it is another's", () => {
    for (const owner of ["blue", "red"]) {
      const args = { ...rules, environment: "blue", owner, jobs: ["a.b"] };
      const text = renderRules(owner === "blue" ? args : { ...args, pyroscope: undefined }) ?? "";
      const [group] = (
        parse(text) as { groups: { name: string; rules: { expr: string; labels?: object }[] }[] }
      ).groups;
      expect(group?.name).toBe("blue-profiling");
      for (const { expr, labels } of group?.rules ?? []) {
        const selectors = expr.match(/\{[^}]*\}/g) ?? [];
        expect(selectors.length + (expr.startsWith("vector(") ? 1 : 0)).toBeGreaterThan(0);
        for (const selector of selectors)
          expect(selector).toContain(`environment="${selector.includes('job="alloy"') ? owner : "blue"}"`);
        if (labels !== undefined) expect(labels).toMatchObject({ environment: "blue" });
      }
      expect(group?.rules[0]?.expr).toBe('up{environment="blue",job=~"a\\\\.b"} == 0');
    }
  });
});
