import * as alerting from "@grafana/grafana-foundation-sdk/alerting";
import { TypeReduceBuilder, TypeThresholdBuilder } from "@grafana/grafana-foundation-sdk/expr";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { grafanaUid } from "./identity";
import { type PipelineInfo, platformJobs, scrapeComponents } from "./pipeline-dashboard";

/** How often the rules are evaluated, in seconds. */
export const evaluationInterval = 30;

/** What the rules of an environment are about. */
export interface AlertArgs extends PipelineInfo {
  /** The longest interval between two profiles of a service, in seconds; undefined without services. */
  readonly longestInterval: number | undefined;
  /** The services that have metrics. */
  readonly measured: readonly string[];
  /** The uid of Prometheus's datasource. */
  readonly prometheus: string;
}

interface Rule {
  readonly title: string;
  readonly expr: string;
  /** It fires when the value is so. */
  readonly when: { readonly type: "lt" | "gt"; readonly than: number };
  /** How long the value has to be so. */
  readonly for: string;
  /** What it means when there is no such series. */
  readonly noData: "OK" | "Alerting";
  readonly severity: "critical" | "warning";
  readonly summary: string;
  readonly description: string;
}

/** The environment's alert rules; those of the platform are its owner's. */
export function alertRules(args: AlertArgs): alerting.Rule[] {
  const { environment, platform, storage } = args;
  const jobs = platformJobs(platform);
  const rules = [
    ...(environment === platform ? platformRules(jobs, storage !== undefined) : []),
    ...(args.longestInterval === undefined
      ? []
      : [noProfiles(jobs.alloy, environment, args.longestInterval)]),
    ...(args.measured.length === 0 ? [] : [targetDown(environment, args.measured)]),
  ];
  return rules.map((rule) => toGrafana(rule, args));
}

function platformRules({ alloy, pyroscope }: ReturnType<typeof platformJobs>, isLocal: boolean): Rule[] {
  const down = (name: string, job: string, description: string): Rule => ({
    ...{ title: `${name} is down`, expr: `up{${job}}`, when: { type: "lt", than: 1 }, for: "1m" },
    // A target that is no longer there is down too.
    ...{ noData: "Alerting", severity: "critical", summary: `${name} does not answer`, description },
  });
  const lost = (title: string, expr: string, description: string): Rule => ({
    ...{ title, expr, when: { type: "gt", than: 0 }, for: "0s", noData: "OK", severity: "warning" },
    ...{ summary: `${title}: {{ $values.B.Value }} in 10 minutes`, description },
  });
  return [
    down("Alloy", alloy, "No profile of any environment on the host is collected."),
    lost(
      "Alloy drops profiles",
      `sum(${grown(`pyroscope_write_dropped_profiles_total{${alloy}}`)})`,
      "Pyroscope did not take them in ten tries. They are gone.",
    ),
    ...(isLocal
      ? [
          down("Pyroscope", pyroscope, "Alloy drops what it cannot send for long."),
          lost(
            "Pyroscope discards samples",
            `sum by (reason) (${grown(`pyroscope_discarded_samples_total{${pyroscope}}`)})`,
            "Reason: {{ $labels.reason }}.",
          ),
        ]
      : []),
  ];
}

function noProfiles(alloy: string, environment: string, longestInterval: number): Rule {
  const window = Math.max(300, 3 * longestInterval);
  const scraped = `pyroscope_fanout_latency_count{${alloy},${scrapeComponents(environment)}}`;
  return {
    // Alloy has no such metric before it has the first.
    expr: `sum(increase(${scraped}[${window}s])) or vector(0)`,
    ...{ title: "No profiles", when: { type: "lt", than: 1 }, for: "5m", noData: "OK", severity: "critical" },
    summary: `Alloy gets no profile of ${environment}`,
    description: "None of the services answers when it is asked for a profile.",
  };
}

function targetDown(environment: string, services: readonly string[]): Rule {
  const names = services.map((name) => name.replaceAll(".", "\\.")).join("|");
  return {
    ...{ title: "A service's metrics are missing", for: "2m", when: { type: "lt", than: 1 } },
    expr: `up{environment="${environment}",job=~${JSON.stringify(names)}}`,
    ...{ noData: "Alerting", severity: "warning" },
    summary: "{{ $labels.job }} does not answer Prometheus",
    description: "No metrics from {{ $labels.instance }} for 2 minutes.",
  };
}

/** How much counters have grown in 10 minutes; one does not exist before its first event, which counts as well. */
function grown(metric: string): string {
  return `increase(${metric}[10m]) > 0 or (${metric} unless ${metric} offset 10m)`;
}

/** Query, reduce, threshold: the form that Grafana's own editor writes. */
function toGrafana(rule: Rule, { environment, prometheus }: AlertArgs): alerting.Rule {
  const expression = { type: "__expr__", uid: "__expr__" };
  const query = (refId: string, uid: string, from: number): alerting.QueryBuilder =>
    new alerting.QueryBuilder(refId).datasourceUid(uid).relativeTimeRange({ from, to: 0 });
  const { type, than } = rule.when;
  return new alerting.RuleBuilder(rule.title)
    .queries([
      query("A", prometheus, 600).model(
        new DataqueryBuilder()
          .refId("A")
          .datasource({ type: "prometheus", uid: prometheus })
          .expr(rule.expr)
          .instant(),
      ),
      query("B", expression.uid, 0).model(
        new TypeReduceBuilder().refId("B").datasource(expression).expression("A").reducer("last"),
      ),
      query("C", expression.uid, 0).model(
        new TypeThresholdBuilder()
          .refId("C")
          .datasource(expression)
          .expression("B")
          .conditions([{ evaluator: { type, params: [than] } }]),
      ),
    ])
    .condition("C")
    .forDuration(rule.for)
    .noDataState(rule.noData)
    .execErrState("Error")
    .folderUID(grafanaUid(environment, "profiling"))
    .ruleGroup("Profiling pipeline")
    .labels({ environment, severity: rule.severity })
    .annotations({ summary: rule.summary, description: rule.description })
    .build();
}
