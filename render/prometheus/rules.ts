import { Document, visit } from "yaml";
import { managedBy } from "../header";
import { logRules } from "./log-rules";
import { deliveryRules, profileRules } from "./profile-rules";
import { pyroscopeRules, type PyroscopeRulesArgs } from "./pyroscope-rules";
import { select, type Alert, type Recording } from "./rule";
import type { WatchedService } from "./silent-profiles";

export interface RulesArgs {
  readonly environment: string;
  /** The `job` labels of the environment's targets that are always there. */
  readonly jobs: readonly string[];
  /** The environment that owns the platform, a label of Alloy's metrics. */
  readonly owner: string;
  /** Those without profiles too. */
  readonly services: readonly WatchedService[];
  /** Whether its services' logs go to Loki. @default they do not */
  readonly sendsLogs?: boolean | undefined;
  /** Of a Pyroscope on the host, where the platform is this environment's own. */
  readonly pyroscope?: PyroscopeRulesArgs | undefined;
}

/**
 * The rules about the profiling itself: what is recorded for them, and the alerts. They are told to Prometheus and to Grafana
 * in the same words and numbers.
 */
export function profilingRules(args: RulesArgs): (Alert | Recording)[] {
  const { environment, jobs, owner, pyroscope, sendsLogs = false } = args;
  const services = args.services.filter(({ profiles }) => profiles.length > 0);
  return [
    ...(jobs.length === 0 ? [] : [targetDown(environment, jobs)]),
    ...profileRules({ environment, owner, services }),
    ...(sendsLogs ? logRules(args) : []),
    ...(owner === environment ? deliveryRules(environment, services) : []),
    ...(pyroscope === undefined ? [] : pyroscopeRules(environment, pyroscope)),
  ];
}

/**
 * Renders the rules for Prometheus. Undefined where there is nothing to watch.
 * @param alerts "elsewhere" where Grafana has the alerts: then only what these read is recorded, so that nobody is told twice
 */
export function renderRules(args: RulesArgs, alerts: "here" | "elsewhere" = "here"): string | undefined {
  const { environment } = args;
  const rules = profilingRules(args).filter((rule) => alerts === "here" || "record" in rule);
  if (rules.length === 0) return undefined;
  const group = {
    name: `${environment}-profiling`,
    rules: rules.map((rule) => ("alert" in rule ? alerting(environment, rule) : rule)),
  };
  const document = new Document({ groups: [group] });
  // A line for each service and kind.
  visit(document, {
    Map: (_, node) => {
      const isDeclaration = node.has("record") && node.hasIn(["labels", "component_id"]);
      if (isDeclaration) node.flow = true;
      return isDeclaration ? visit.SKIP : undefined;
    },
  });
  return `# ${managedBy(environment)}\n${document.toString({ lineWidth: 0 })}`;
}

function alerting(environment: string, { severity, summary, description, ...rule }: Alert): object {
  return { ...rule, labels: { severity, environment }, annotations: { summary, description } };
}

function targetDown(environment: string, jobs: readonly string[]): Alert {
  const names = jobs.map((job) => job.replaceAll(".", "\\.")).join("|");
  return {
    alert: "ProfilingTargetDown",
    expr: `up${select({ environment }, `job=~${JSON.stringify(names)}`)} == 0`,
    for: "2m",
    severity: "critical",
    summary: "{{ $labels.job }} ({{ $labels.environment }}) does not answer Prometheus",
    description: "No metrics from {{ $labels.instance }} for 2 minutes.",
  };
}
