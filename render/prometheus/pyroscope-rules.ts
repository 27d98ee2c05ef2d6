import { type Duration, formatDuration, readableSize, type Size } from "../../config/units";
import { fittingRetention } from "./budget";
import { grown, select, type Alert, type Recording } from "./rule";

const gibibyte = 2 ** 30;

/**
 * Where Pyroscope's disk guard sets in: `pyroscopedb.min_free_disk_gb`, which we leave at its default. Its other limit, 5 %,
 * does not matter: 1.12.0 compares it with free blocks over bytes, which is always less (pkg/util/disk/disk.go).
 */
const guard = 10 * gibibyte;

/**
 * 1.x compacts every 30 minutes and cleans up every 15, 2.x compacts within minutes and deletes 15 minutes later; so long
 * without is no chance any more.
 */
const stalledAfter = 3 * 3600;

export interface PyroscopeRulesArgs {
  readonly major: 1 | 2;
  /** Where it stores profiles. */
  readonly dataDirectory: string;
  /** How long profiles are kept, in seconds. */
  readonly retention: Duration;
  /** What all of them may take on the disk, in bytes; undefined where most of them are not there. */
  readonly budget: Size | undefined;
}

/** The rules about a local Pyroscope and the disk that it writes to. */
export function pyroscopeRules(environment: string, args: PyroscopeRulesArgs): (Alert | Recording)[] {
  const { major, dataDirectory, retention, budget } = args;
  const pyroscope = select({ environment, job: "pyroscope" });
  return [
    discarded(pyroscope),
    ...(major === 1
      ? [
          compactionStalled(pyroscope),
          cleanupStalled(pyroscope),
          ...(budget === undefined ? [] : [budgetTooSmall(pyroscope, retention, budget)]),
        ]
      : [compactionStalled2(environment, pyroscope), cleanupStalled2(pyroscope)]),
    ...disk(environment, major, dataDirectory),
  ];
}

function discarded(pyroscope: string): Alert {
  return {
    alert: "PyroscopeDiscardsSamples",
    expr: `sum by (reason) (${grown("pyroscope_discarded_samples_total", pyroscope)}) > 0`,
    severity: "warning",
    summary: "Pyroscope discards samples: {{ $labels.reason }}",
    description: "{{ $value | humanize }} in 15 minutes, because of {{ $labels.reason }}.",
  };
}

function compactionStalled(pyroscope: string): Alert {
  return {
    alert: "PyroscopeCompactionStalled",
    expr: overdue("pyroscope_compactor_last_successful_run_timestamp_seconds", pyroscope),
    severity: "warning",
    summary: "Pyroscope does not compact",
    description:
      "The last compaction was {{ $value | humanizeDuration }} ago: queries get slower and blocks pile up.",
  };
}

function cleanupStalled(pyroscope: string): Alert {
  return {
    alert: "PyroscopeCleanupStalled",
    expr: overdue("pyroscope_compactor_block_cleanup_last_successful_run_timestamp_seconds", pyroscope),
    severity: "warning",
    summary: "Pyroscope does not delete old profiles",
    description:
      "The last cleanup was {{ $value | humanizeDuration }} ago: what is older than the retention stays on the disk.",
  };
}

/** 2.x does not tell what it writes. */
function budgetTooSmall(pyroscope: string, retention: Duration, budget: Size): Alert {
  const [kept, may] = [formatDuration(retention), readableSize(budget)];
  return {
    alert: "ProfilingBudgetTooSmall",
    expr: `${fittingRetention(pyroscope, budget)} < ${retention}`,
    for: "1h",
    severity: "warning",
    summary: "The profiles outgrow their disk budget",
    description: `At what was stored in the last 24 hours, ${may} hold {{ $value | humanizeDuration }} of profiles, and ${kept} are to be kept.`,
  };
}

/**
 * 2.x compacts only what comes in: without profiles there is nothing to do. What Alloy sends is asked, since Pyroscope counts
 * what it gets in histograms only, of which a Prometheus that takes native ones stores no count.
 */
function compactionStalled2(environment: string, pyroscope: string): Alert {
  return {
    alert: "PyroscopeCompactionStalled",
    expr: unanswered(
      `pyroscope_write_sent_profiles_total${select({ environment, job: "alloy" })}`,
      `pyroscope_compaction_worker_jobs_completed_total${succeeded(pyroscope)}`,
      pyroscope,
    ),
    severity: "warning",
    summary: "Pyroscope does not compact",
    description:
      "{{ $value | humanize }} profiles came in 3 hours, and no compaction succeeded: queries get slower and blocks pile up.",
  };
}

/** 2.x deletes what was compacted, and what is older than the retention, in the course of its compactions. */
function cleanupStalled2(pyroscope: string): Alert {
  return {
    alert: "PyroscopeCleanupStalled",
    expr: unanswered(
      `pyroscope_compaction_worker_jobs_completed_total${succeeded(pyroscope)}`,
      `pyroscope_compaction_worker_blocks_deleted_total${succeeded(pyroscope)}`,
      pyroscope,
    ),
    severity: "warning",
    summary: "Pyroscope does not delete old profiles",
    description:
      "{{ $value | humanize }} compactions in 3 hours, and no block was deleted: what is older than the retention stays on the disk.",
  };
}

function succeeded(of: string): string {
  return of.replace("}", ',status="success"}');
}

/** How much one counter has grown while the other did not, once the process is old enough. */
function unanswered(counter: string, answer: string, of: string): string {
  const growth = (metric: string): string => `sum(increase(${metric}[${stalledAfter}s])) > 0`;
  const started = `process_start_time_seconds${of}`;
  return `${growth(counter)} and on () time() - ${started} > ${stalledAfter} unless ${growth(answer)}`;
}

function disk(environment: string, major: 1 | 2, directory: string): (Alert | Recording)[] {
  const available = "profiling:filesystem_avail_bytes";
  const size = "profiling:filesystem_size_bytes";
  const here = select({ environment });
  const [limit, low, consequence] =
    major === 1
      ? [guard, `${1.2 * guard}`, "At 10 GiB Pyroscope deletes its oldest profiles, whatever the retention."]
      : [0, `0.05 * ${size}${here}`, "On a full disk Pyroscope takes no profiles."];
  return [
    { record: available, expr: below(environment, "node_filesystem_avail_bytes", directory) },
    { record: size, expr: below(environment, "node_filesystem_size_bytes", directory) },
    {
      alert: "ProfilingDiskLow",
      expr: `${available}${here} < ${low}`,
      for: "5m",
      severity: "critical",
      summary: "The disk of the profiles is almost full",
      description: `{{ $value | humanize1024 }}B are free on {{ $labels.mountpoint }}. ${consequence}`,
    },
    {
      alert: "ProfilingDiskFilling",
      expr: `predict_linear(${available}${here}[6h], 86400) < ${limit} and ${available}${here} < 0.5 * ${size}${here}`,
      for: "1h",
      severity: "warning",
      summary: "The disk of the profiles fills up",
      description: `As in the last 6 hours, {{ $value | humanize1024 }}B would be free on {{ $labels.mountpoint }} in a day. ${consequence}`,
    },
  ];
}

/** A metric of the file system that holds a directory: the longest of its mount points. */
function below(environment: string, metric: string, directory: string): string {
  const parts = directory.split("/").filter((part) => part !== "");
  return parts
    .map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`)
    .concat("/")
    .map((mountpoint) => {
      const of = select({ environment, job: "host", mountpoint });
      return `min by (environment, mountpoint) (${metric}${of})`;
    })
    .join(" or on (environment) ");
}

/** The age of a time, once it and the process are too old. */
function overdue(metric: string, of: string): string {
  const started = `process_start_time_seconds${of}`;
  return `time() - ${metric}${of} > ${stalledAfter} and time() - ${started} > ${stalledAfter}`;
}
