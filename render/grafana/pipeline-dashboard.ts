import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { type Duration, formatDuration, readableSize, type Size } from "../../config/units";
import { holds } from "../../config/versions";
import { fittingRetention } from "../prometheus/budget";
import { sentOfDue } from "../prometheus/profile-rules";
import type { ProfiledService } from "../prometheus/profiling-cost";
import { intervals } from "../prometheus/silent-profiles";
import { costPanels } from "./cost-panels";
import { dashboard, figure, graph, type PanelBuilder, withPanels } from "./panels";

/** The Pyroscope on the host of a platform. */
export interface StorageInfo {
  /** Version of the package. */
  readonly version: string;
  /** How long profiles are kept, in seconds. */
  readonly retention: Duration;
  /** What the profiles of the whole retention may take, in bytes; a platform of an earlier version of this program tells none. */
  readonly budget?: Size | undefined;
}

/** The platform that an environment's profiles go through. */
export interface PipelineInfo {
  readonly environment: string;
  /** The environment that owns the platform, a label of the platform's metrics. */
  readonly platform: string;
  /** Undefined when Pyroscope is elsewhere. */
  readonly storage: StorageInfo | undefined;
  /** Those of the environment that serve profiles. */
  readonly services: readonly ProfiledService[];
}

/** The jobs of Prometheus for a platform, as matchers. */
function platformJobs(platform: string): Record<"alloy" | "pyroscope", string> {
  const job = (name: string): string => `environment="${platform}",job="${name}"`;
  return { alloy: job("alloy"), pyroscope: job("pyroscope") };
}

/** The way of the profiles from the services to the disk: what is scraped, written, dropped and kept, and how fast. */
export function pipelineDashboard(info: PipelineInfo, prometheus: string): Dashboard {
  const builder = dashboard(info.environment, "pipeline", "Profiling pipeline").description(
    "The way of the profiles: Alloy scrapes the services and writes to Pyroscope, which keeps them on disk.",
  );
  return withPanels(builder, [
    ...collection(info, prometheus),
    ...costPanels(info, prometheus),
    ...(info.storage === undefined ? [] : storagePanels(info, info.storage, prometheus)),
  ]);
}

function collection(info: PipelineInfo, uid: string): PanelBuilder[] {
  const { environment, platform, storage } = info;
  const { alloy, pyroscope } = platformJobs(platform);
  const perSecond = (metric: string, matchers: string): string =>
    `sum(rate(${metric}{${matchers}}[$__rate_interval])) or vector(0)`;
  return [
    graph(uid, {
      title: "Profiles sent, of those due",
      unit: "percentunit",
      description:
        "By service and kind, over three intervals. A line that falls to 0 is a service that is silent: an alert names it, unless it is an intermittent one that is away.",
      lines: intervals(info.services).map((interval) => ({
        expr: sentOfDue(environment, platform, interval),
        legend: "{{service_name}} {{kind}}",
      })),
    }),
    graph(uid, {
      title: "Profiles written",
      unit: "cps",
      description: "What all environments of the host send to Pyroscope.",
      lines: [
        {
          expr: `sum by (endpoint) (rate(pyroscope_write_sent_profiles_total{${alloy}}[$__rate_interval]))`,
          legend: "{{endpoint}}",
        },
      ],
    }),
    graph(uid, {
      title: "Drops",
      unit: "cps",
      description:
        "Profiles that Alloy tried in vain to send, and samples that Pyroscope refused. Should be none.",
      lines: [
        { expr: perSecond("pyroscope_write_retries_total", alloy), legend: "tried again" },
        { expr: perSecond("pyroscope_write_dropped_profiles_total", alloy), legend: "dropped by Alloy" },
        ...(storage === undefined
          ? []
          : [
              {
                expr: `sum by (reason) (rate(pyroscope_discarded_samples_total{${pyroscope}}[$__rate_interval]))`,
                legend: "discarded: {{reason}}",
              },
            ]),
      ],
    }),
    graph(uid, {
      title: "Latency, 99th percentile",
      unit: "s",
      description: "How long Alloy takes to hand a profile on, and Pyroscope to take and to search.",
      lines: [
        { expr: latency("pyroscope_fanout_latency", alloy), legend: "Alloy" },
        ...(storage === undefined
          ? []
          : [
              { expr: requests(pyroscope, "push_v1_pusherservice_push"), legend: "Pyroscope, write" },
              { expr: requests(pyroscope, "querier_v1_querierservice_.+"), legend: "Pyroscope, query" },
            ]),
      ],
    }),
  ];
}

/** Of a histogram as Prometheus has it: with buckets, or as a native one, which has none. */
function latency(histogram: string, matchers: string): string {
  const buckets = `sum by (le) (rate(${histogram}_bucket{${matchers}}[$__rate_interval]))`;
  const native = `sum(rate(${histogram}{${matchers}}[$__rate_interval]))`;
  return `histogram_quantile(0.99, ${buckets}) or histogram_quantile(0.99, ${native})`;
}

function requests(job: string, route: string): string {
  return latency("pyroscope_request_duration_seconds", `${job},route=~"${route}"`);
}

function storagePanels({ platform }: PipelineInfo, storage: StorageInfo, uid: string): PanelBuilder[] {
  const { alloy, pyroscope } = platformJobs(platform);
  // Recorded by our rules, of the file system that Pyroscope's directory is on.
  const available = `profiling:filesystem_avail_bytes{environment="${platform}"}`;
  const size = `profiling:filesystem_size_bytes{environment="${platform}"}`;
  const kept = formatDuration(storage.retention);
  return [
    graph(uid, {
      title: "Storage growth in a day",
      unit: "bytes",
      description:
        "Profiles sent by Alloy, compressed, and how much less is free on the disk, over the last 24 hours.",
      lines: [
        { expr: `sum(increase(pyroscope_write_sent_bytes_total{${alloy}}[1d]))`, legend: "sent" },
        { expr: `clamp_min(-delta(${available}[1d]), 0)`, legend: "taken of {{mountpoint}}" },
      ],
    }),
    graph(uid, {
      title: "Disk free",
      unit: "percentunit",
      description: holds("ownStorage", storage.version)
        ? "On a full disk Pyroscope takes no profiles."
        : "At 10 GiB Pyroscope begins to delete its oldest profiles, whatever the retention.",
      lines: [{ expr: `${available} / ${size}`, legend: "{{mountpoint}}" }],
    }),
    figure(uid, {
      title: "Retention horizon",
      unit: "s",
      description: `How long the disk lasts at the growth of the last 24 hours. Profiles are kept for ${kept}; where it grows by less than 1 MiB, the horizon is longer than it shows.`,
      lines: [
        {
          expr: `${available} / clamp_min(-deriv(${available}[1d]), ${2 ** 20} / 86400)`,
          legend: "{{mountpoint}}",
        },
      ],
    }),
    ...budgetPanels(storage, uid, pyroscope),
    holds("ownStorage", storage.version) ? compaction(uid, pyroscope) : cleanUp(uid, pyroscope),
  ];
}

/** 2.x does not tell what it writes. */
function budgetPanels({ version, retention, budget }: StorageInfo, uid: string, of: string): PanelBuilder[] {
  if (budget === undefined || holds("ownStorage", version)) return [];
  return [
    figure(uid, {
      title: "Retention that fits the budget",
      unit: "s",
      description: `How long profiles could be kept in ${readableSize(budget)} (pyroscope.diskBudget), at what was stored in the last 24 hours. They are kept for ${formatDuration(retention)}: an alert tells where that is more.`,
      lines: [{ expr: fittingRetention(`{${of}}`, budget), legend: "retention" }],
    }),
  ];
}

function cleanUp(uid: string, pyroscope: string): PanelBuilder {
  const last = `pyroscope_compactor_block_cleanup_last_successful_run_timestamp_seconds{${pyroscope}}`;
  return figure(uid, {
    title: "Since the last clean-up",
    unit: "s",
    description: "Old profiles are deleted by a clean-up every 15 minutes.",
    lines: [{ expr: `time() - ${last}`, legend: "clean-up" }],
  });
}

function compaction(uid: string, pyroscope: string): PanelBuilder {
  const perSecond = (metric: string): string =>
    `sum by (status) (rate(${metric}{${pyroscope}}[$__rate_interval]))`;
  return graph(uid, {
    title: "Compactions and deletions",
    unit: "cps",
    description:
      "Blocks are compacted within minutes and deleted a quarter of an hour later. Anything but success is worth a look at Pyroscope's journal.",
    lines: [
      {
        expr: perSecond("pyroscope_compaction_worker_jobs_completed_total"),
        legend: "compaction: {{status}}",
      },
      { expr: perSecond("pyroscope_compaction_worker_blocks_deleted_total"), legend: "deletion: {{status}}" },
    ],
  });
}
