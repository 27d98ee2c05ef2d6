import { stringify } from "yaml";
import { hostPort } from "../../config/ports";
import type { Service } from "../../config/settings";
import { byText, managedBy } from "../header";

/** Where Alloy serves the metrics of its component that `renderAlloyPlatform` writes for the host's file systems. */
export const hostMetricsPath = "/api/v0/component/prometheus.exporter.unix.platform/metrics";

/** Told to Grafana too, whose rates take four of them: with a longer interval of the operator's they would be empty. */
export const scrapeInterval = "15s";

/** What Prometheus is told of one process that serves metrics. */
export interface ScrapeTarget {
  /** The labels `job` and `service_name`; with the environment also the name of the job and of its file. */
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly path: string;
}

/** What of a service decides how its metrics are scraped. */
export type MeasuredService = Pick<Service, "name" | "address" | "port" | "metrics">;

/** The platform's own processes, as seen from the host. */
export interface PlatformTargets {
  readonly alloyUrl: string;
  /** Undefined where Pyroscope is not on the host. */
  readonly pyroscopeUrl?: string | undefined;
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
  const ofServices = services.flatMap(({ name, address, port, metrics }) =>
    metrics === undefined
      ? []
      : [{ name, address: hostPort(address, metrics.port ?? port), path: metrics.path }],
  );
  const { alloyUrl, pyroscopeUrl } = platform ?? {};
  return [
    ...ofServices,
    ...(alloyUrl === undefined
      ? []
      : [ofUrl("alloy", alloyUrl, "/metrics"), ofUrl("host", alloyUrl, hostMetricsPath)]),
    ...(pyroscopeUrl === undefined ? [] : [ofUrl("pyroscope", pyroscopeUrl, "/metrics")]),
  ]
    .filter(({ name }) => !skip.includes(name))
    .sort((a, b) => byText(a.name, b.name));
}

/** Renders a file for `scrape_config_files`: one job. Its name is unique over the environments of a host. */
export function renderScrapeJob(environment: string, target: ScrapeTarget): string {
  const { name, address, path } = target;
  return document(environment, {
    scrape_configs: [
      {
        job_name: `${environment}-${name}`,
        scrape_interval: scrapeInterval,
        ...(path === "/metrics" ? {} : { metrics_path: path }),
        static_configs: [{ targets: [address], labels: labels(environment, target) }],
      },
    ],
  });
}

/** Renders a file for `file_sd_configs` that leads to a target with the same labels as {@link renderScrapeJob}. */
export function renderTargetFile(environment: string, target: ScrapeTarget): string {
  const { address, path } = target;
  return document(environment, [
    {
      targets: [address],
      labels: {
        ...labels(environment, target),
        ...(path === "/metrics" ? {} : { __metrics_path__: path }),
      },
    },
  ]);
}

/** The item of `scrape_configs` that takes in all files of {@link renderTargetFile}, as one line of YAML. */
export function targetFilesJob(pattern: string): string {
  const job = {
    job_name: "soar-profiling",
    scrape_interval: scrapeInterval,
    file_sd_configs: [{ files: [pattern] }],
  };
  return stringify(job, { collectionStyle: "flow", defaultStringType: "QUOTE_DOUBLE", lineWidth: 0 }).trim();
}

function labels(environment: string, { name }: ScrapeTarget): Record<string, string> {
  return { environment, service_name: name, job: name };
}

function ofUrl(name: string, base: string, path: string): ScrapeTarget {
  const { host, pathname } = new URL(base);
  return { name, address: host, path: `${pathname.replace(/\/+$/, "")}${path}` };
}

function document(environment: string, content: object): string {
  return `# ${managedBy(environment)}\n${stringify(content, { lineWidth: 0 })}`;
}
