import { stringify } from "yaml";
import { hostPort } from "../../config/ports";
import type { Service } from "../../config/settings";
import { type Duration, formatDuration, parseDuration } from "../../config/units";
import { byText, managedBy } from "../header";

/** Where Alloy serves the metrics of its component that `renderAlloyPlatform` writes for the host's file systems. */
export const hostMetricsPath = "/api/v0/component/prometheus.exporter.unix.platform/metrics";

/** Of the platform's own targets, and of a service's unless it says otherwise. */
const scrapeInterval = parseDuration("15s");

/** Prometheus's own `scrape_timeout`. */
const scrapeTimeout = parseDuration("10s");

/** What Prometheus is told of one process that serves metrics. */
export interface ScrapeTarget {
  /** The labels `job` and `service_name`; with the environment also the name of the job and of its file. */
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly path: string;
  readonly interval: Duration;
  /** @default Prometheus's own, or the interval where that is shorter */
  readonly timeout?: Duration | undefined;
  /** Beside those that every target has. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What of a service decides how its metrics are scraped. */
export type MeasuredService = Pick<Service, "name" | "address" | "port" | "metrics">;

/** The platform's own processes, as seen from the host. */
export interface PlatformTargets {
  readonly alloyUrl: string;
  /** Undefined where Pyroscope is not on the host. */
  readonly pyroscopeUrl?: string | undefined;
  /** The label `host` of both, where there are several hosts; services have it among their labels. */
  readonly host?: string | undefined;
}

/**
 * All targets of an environment, by name; those of the platform only where it is the environment's own.
 * @param skip names of those that a job of somebody else scrapes
 */
export function scrapeTargets(
  services: readonly MeasuredService[],
  platform: PlatformTargets | undefined,
  skip: readonly string[] = [],
): ScrapeTarget[] {
  const ofServices = services.flatMap(({ name, address, port, metrics }): ScrapeTarget[] => {
    const at = metrics?.port ?? port;
    if (metrics === undefined || at === undefined) return [];
    const { path, interval, timeout, labels: further } = metrics;
    return [{ name, address: hostPort(address, at), path, interval, timeout, labels: further }];
  });
  const { alloyUrl, pyroscopeUrl, host } = platform ?? {};
  const labels = host === undefined ? {} : { host };
  return [
    ...ofServices,
    ...(alloyUrl === undefined
      ? []
      : [ofUrl("alloy", alloyUrl, "/metrics", labels), ofUrl("host", alloyUrl, hostMetricsPath, labels)]),
    ...(pyroscopeUrl === undefined ? [] : [ofUrl("pyroscope", pyroscopeUrl, "/metrics", labels)]),
  ]
    .filter(({ name }) => !skip.includes(name))
    .sort((a, b) => byText(a.name, b.name));
}

/** The longest time between two scrapes: for Grafana, whose rates take four of them, and are empty where it is longer. */
export function longestScrapeInterval(services: readonly Pick<Service, "metrics">[]): string {
  const intervals = services.map(({ metrics }) => metrics?.interval ?? scrapeInterval);
  return formatDuration(Math.max(scrapeInterval, ...intervals) as Duration);
}

/** Renders a file for `scrape_config_files`: one job. Its name is unique over the environments of a host. */
export function renderScrapeJob(environment: string, target: ScrapeTarget): string {
  const { name, address, path, interval, timeout } = target;
  return document(environment, {
    scrape_configs: [
      {
        job_name: `${environment}-${name}`,
        scrape_interval: formatDuration(interval),
        ...(timeout === undefined ? {} : { scrape_timeout: formatDuration(timeout) }),
        ...(path === "/metrics" ? {} : { metrics_path: path }),
        static_configs: [{ targets: [address], labels: labels(environment, target) }],
      },
    ],
  });
}

/** Renders a file for `file_sd_configs` that leads to a target with the same labels as {@link renderScrapeJob}. */
export function renderTargetFile(environment: string, target: ScrapeTarget): string {
  const { address, path, interval, timeout = shorterTimeout(interval) } = target;
  return document(environment, [
    {
      targets: [address],
      labels: {
        ...labels(environment, target),
        ...(path === "/metrics" ? {} : { __metrics_path__: path }),
        ...(interval === scrapeInterval ? {} : { __scrape_interval__: formatDuration(interval) }),
        ...(timeout === undefined ? {} : { __scrape_timeout__: formatDuration(timeout) }),
      },
    },
  ]);
}

/** A job of its own gets it from Prometheus; of one job with many targets, Prometheus drops a target that has a longer one. */
function shorterTimeout(interval: Duration): Duration | undefined {
  return interval < scrapeInterval ? (Math.min(interval, scrapeTimeout) as Duration) : undefined;
}

/** The item of `scrape_configs` that takes in all files of {@link renderTargetFile}, as one line of YAML. */
export function targetFilesJob(pattern: string): string {
  const job = {
    job_name: "soar-profiling",
    scrape_interval: formatDuration(scrapeInterval),
    file_sd_configs: [{ files: [pattern] }],
  };
  return stringify(job, { collectionStyle: "flow", defaultStringType: "QUOTE_DOUBLE", lineWidth: 0 }).trim();
}

function labels(environment: string, { name, labels: further }: ScrapeTarget): Record<string, string> {
  const sorted = Object.entries(further).sort(([a], [b]) => byText(a, b));
  return { environment, service_name: name, job: name, ...Object.fromEntries(sorted) };
}

function ofUrl(name: string, base: string, path: string, labels: ScrapeTarget["labels"]): ScrapeTarget {
  const { host, pathname } = new URL(base);
  const under = pathname.replace(/\/+$/, "");
  return { name, address: host, path: `${under}${path}`, interval: scrapeInterval, labels };
}

function document(environment: string, content: object): string {
  return `# ${managedBy(environment)}\n${stringify(content, { lineWidth: 0 })}`;
}
