import { environmentLabel } from "../alloy/label";
import { grown, select, type Alert } from "./rule";

export interface LogRulesArgs {
  readonly environment: string;
  /** The environment that owns the platform, a label of Alloy's metrics. */
  readonly owner: string;
}

/** How long Loki may take nothing before somebody is told. */
const window = "10m";

/** The rules about an environment's lines on their way to Loki, by what Alloy counts of the components that write there. */
export function logRules({ environment, owner }: LogRulesArgs): Alert[] {
  const writers = `component_id=~"loki[.]write[.]${environmentLabel(environment)}(_LOGS)?"`;
  const alloy = select({ environment: owner, job: "alloy" }, writers);
  const of = (metric: string): string => `sum by (component_id) (increase(${metric}${alloy}[${window}])) > 0`;
  return [
    {
      alert: "LogsDropped",
      expr: `sum by (component_id, reason) (${grown("loki_write_dropped_entries_total", alloy)}) > 0`,
      severity: "warning",
      summary: `Alloy drops log lines of ${environment}: {{ $labels.reason }}`,
      description:
        "{{ $value | humanize }} lines in 15 minutes were not taken by Loki, and are lost to it. `journalctl -u alloy` has Loki's " +
        "own words.",
    },
    {
      alert: "LogsNotDelivered",
      expr: `${of("loki_write_batch_retries_total")} unless on (component_id) ${of("loki_write_sent_entries_total")}`,
      for: "1m",
      severity: "warning",
      summary: `Loki takes no log lines of ${environment}`,
      description:
        "None for 10 minutes, although Alloy tries. From Alloy 1.13 on the lines of the journal wait in its memory: a restart of " +
        "Alloy now loses up to 10 MiB of them. What comes by OTLP waits five minutes.",
    },
  ];
}
