import * as alerting from "@grafana/grafana-foundation-sdk/alerting";
import { TypeMathBuilder, TypeReduceBuilder } from "@grafana/grafana-foundation-sdk/expr";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import type { Alert } from "../prometheus/rule";
import { profilingRules, type RulesArgs } from "../prometheus/rules";
import { grafanaUid } from "./identity";

/** How often the rules are evaluated, in seconds. */
export const evaluationInterval = 30;

/** The group that the rules are in, in the environment's folder. */
export const pipelineGroup = "Profiling pipeline";

/** What the rules of an environment are about. */
export interface AlertArgs extends RulesArgs {
  /** The uid of Prometheus's datasource. */
  readonly prometheus: string;
}

/** The environment's alerts, the same as Prometheus has; what it records for them, Grafana reads there. */
export function alertRules(args: AlertArgs): alerting.Rule[] {
  return profilingRules(args).flatMap((rule) => ("alert" in rule ? [toGrafana(rule, args)] : []));
}

/**
 * Query, reduce, and a condition that any number meets: an expression of Prometheus finds just what is wrong. Nothing found is
 * well.
 */
function toGrafana(rule: Alert, { environment, prometheus }: AlertArgs): alerting.Rule {
  const expression = { type: "__expr__", uid: "__expr__" };
  const query = (refId: string, uid: string, from: number): alerting.QueryBuilder =>
    new alerting.QueryBuilder(refId).datasourceUid(uid).relativeTimeRange({ from, to: 0 });
  return new alerting.RuleBuilder(rule.alert)
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
        new TypeMathBuilder()
          .refId("C")
          .datasource(expression)
          .expression("is_number($B) || is_nan($B) || is_inf($B)"),
      ),
    ])
    .condition("C")
    .forDuration(rule.for ?? "0s")
    .noDataState("OK")
    .execErrState("Error")
    .folderUID(grafanaUid(environment, "profiling"))
    .ruleGroup(pipelineGroup)
    .labels({ environment, severity: rule.severity })
    .annotations({ summary: inGrafana(rule.summary), description: inGrafana(rule.description) })
    .build();
}

/** A text of Prometheus in Grafana's terms, whose `$value` is no number but a description of all values. */
function inGrafana(text: string): string {
  return text.replaceAll("$value", "$values.B.Value");
}
