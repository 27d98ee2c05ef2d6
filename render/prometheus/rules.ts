import { stringify } from "yaml";
import { managedBy } from "../header";
import { pyroscopeRules, type PyroscopeRulesArgs } from "./pyroscope-rules";
import { grown, select, type Alert, type Recording } from "./rule";

export interface RulesArgs {
  readonly environment: string;
  /** The `job` labels of the environment's targets. */
  readonly jobs: readonly string[];
  /** Where the platform is this environment's own. */
  readonly platform?: PlatformRulesArgs | undefined;
}

export interface PlatformRulesArgs {
  /** The longest time from one profile of a service to the next, in seconds; undefined without services. */
  readonly longestInterval?: number | undefined;
  /** Undefined where it is not on the host. */
  readonly pyroscope?: PyroscopeRulesArgs | undefined;
}

/**
 * Renders the rules about the profiling itself: what is recorded for them, and the alerts. Undefined where there is nothing
 * to watch.
 */
export function renderRules(args: RulesArgs): string | undefined {
  const { environment, jobs, platform } = args;
  const rules = [
    ...(jobs.length === 0 ? [] : [targetDown(environment, jobs)]),
    ...(platform === undefined ? [] : platformRules(environment, platform)),
  ];
  if (rules.length === 0) return undefined;
  const group = {
    name: `${environment}-profiling`,
    rules: rules.map((rule) => ("alert" in rule ? alerting(environment, rule) : rule)),
  };
  return `# ${managedBy(environment)}\n${stringify({ groups: [group] }, { lineWidth: 0 })}`;
}

function alerting(environment: string, { severity, summary, description, ...rule }: Alert): object {
  return { ...rule, labels: { severity, environment }, annotations: { summary, description } };
}

function targetDown(environment: string, jobs: readonly string[]): Alert {
  const names = jobs.map((job) => job.replaceAll(".", "\\.")).join("|");
  return {
    alert: "ProfilingTargetDown",
    expr: `up${select({ environment }, `job=~${JSON.stringify(names)}`)} == 0`,
    for: "5m",
    severity: "critical",
    summary: "{{ $labels.job }} ({{ $labels.environment }}) does not answer Prometheus",
    description: "No metrics from {{ $labels.instance }} for 5 minutes.",
  };
}

function platformRules(environment: string, platform: PlatformRulesArgs): (Alert | Recording)[] {
  const { longestInterval, pyroscope } = platform;
  const alloy = select({ environment, job: "alloy" });
  return [
    ...(longestInterval === undefined ? [] : [noProfiles(alloy, longestInterval)]),
    dropped(alloy),
    ...(pyroscope === undefined ? [] : pyroscopeRules(environment, pyroscope)),
  ];
}

function noProfiles(alloy: string, interval: number): Alert {
  const window = Math.max(600, 3 * interval);
  const sent = `pyroscope_write_sent_profiles_total${alloy}`;
  return {
    alert: "AlloySendsNoProfiles",
    // Alloy has no such metric before it has sent the first.
    expr: `(sum(increase(${sent}[${window}s])) or vector(0)) == 0`,
    for: `${Math.max(300, 2 * interval)}s`,
    severity: "critical",
    summary: "Alloy sends no profiles",
    description: `Not one in {{ ${window} | humanizeDuration }}: do the services serve /debug/pprof/, does Pyroscope answer?`,
  };
}

function dropped(alloy: string): Alert {
  return {
    alert: "AlloyDropsProfiles",
    expr: `sum by (endpoint) (${grown("pyroscope_write_dropped_profiles_total", alloy)}) > 0`,
    severity: "warning",
    summary: "Alloy drops profiles",
    description:
      "{{ $value | humanize }} in 15 minutes could not be delivered to {{ $labels.endpoint }}, after all retries; they are lost.",
  };
}
