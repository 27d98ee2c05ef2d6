import { managedBy } from "../header";
import { type Block, object, reference, renderAlloy, stage } from "./syntax";

export interface AlloyPlatformArgs {
  /** Prometheus asks this Alloy: serve metrics of the host's file systems, and count what services refuse. @default false */
  readonly isMeasured?: boolean;
}

/** All but those that hold no files on a disk; Alloy's default leaves out overlay and tmpfs too. */
const noFileSystems =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|proc|procfs|" +
  "pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$";

const prefix = "profiling_";
const counter = "refused_profiles_total";

/**
 * How often a service has refused a profile: by `scrape`, the component that asked, and `reason`. Alloy has no such counter of
 * its own; this one counts lines of its log.
 */
export const refusals = `${prefix}${counter}`;

/** Renders what a host's Alloy has once beside the way to Pyroscope: its log, and metrics for Prometheus. */
export function renderAlloyPlatform({ isMeasured = false }: AlloyPlatformArgs): string {
  const log = { level: "info", format: "logfmt" };
  if (!isMeasured) return renderAlloy(managedBy(), [{ name: "logging", attributes: log }]);
  return renderAlloy(managedBy(), [
    { name: "logging", attributes: { ...log, write_to: [reference("loki.process.refusals.receiver")] } },
    refusalsBlock,
    hostMetricsBlock,
  ]);
}

const hostMetricsBlock: Block = {
  name: "prometheus.exporter.unix",
  label: "platform",
  attributes: { set_collectors: ["filesystem"] },
  blocks: [{ name: "filesystem", attributes: { fs_types_exclude: noFileSystems } }],
};

const refusalsBlock: Block = {
  name: "loki.process",
  label: "refusals",
  attributes: { forward_to: [] },
  blocks: [
    stage("logfmt", { mapping: object({ msg: "", component_id: "", err: "" }) }),
    stage("labels", { values: object({ msg: "", scrape: "component_id" }) }),
    {
      ...stage("match", { selector: '{msg="fetch profile failed"}' }),
      blocks: [
        stage("static_labels", { values: object({ reason: "see the journal of Alloy" }) }),
        stage("regex", {
          source: "err",
          expression:
            "(?P<reason>HTTP status \\(\\d+\\)|connection refused|connection reset|deadline exceeded|EOF|invalid profile data|empty \\w+ profile)",
        }),
        stage("labels", { values: object({ reason: "" }) }),
        stage("label_drop", { values: ["component", "msg"] }),
        {
          ...stage("metrics"),
          blocks: [
            {
              name: "metric.counter",
              attributes: {
                name: counter,
                prefix,
                match_all: true,
                action: "inc",
                // Longer than three intervals of a day, for which the alerts look back.
                max_idle_duration: "96h",
              },
            },
          ],
        },
      ],
    },
  ],
};
