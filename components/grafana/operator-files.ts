import type * as pulumi from "@pulumi/pulumi";
import { alerting, oss } from "@pulumiverse/grafana";
import type { ExportedGroup } from "../../render/grafana/rule-file";
import type { BoundFiles } from "../operator/bind";
import type { OperatorFiles } from "../operator/files";

/** Declares the operators' own dashboards and alert rules, in the environment's folder. */
export function declareOperatorFiles(
  name: string,
  files: OperatorFiles,
  bound: pulumi.Output<BoundFiles>,
  folder: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): void {
  for (const { value } of files.dashboards) {
    const configJson = bound.apply(({ dashboards }) => JSON.stringify(dashboards[value.uid]));
    new oss.Dashboard(`${name}-dashboard-${value.uid}`, { folder, configJson }, opts);
  }
  for (const { value } of files.groups) {
    const { name: group, intervalSeconds } = value;
    const rules = bound.apply(({ groups }) => ruleArgs(groups[group] ?? value));
    new alerting.RuleGroup(
      `${name}-rules-${group}`,
      { name: group, folderUid: folder, intervalSeconds, rules },
      opts,
    );
  }
}

function ruleArgs({ rules }: ExportedGroup): pulumi.Unwrap<alerting.RuleGroupArgs["rules"]> {
  return rules.map(({ title, data, labels, annotations, ...rule }) => ({
    ...rule,
    name: title,
    labels: { ...labels },
    annotations: { ...annotations },
    datas: data.map(({ model, relativeTimeRange, ...query }) => ({
      ...query,
      relativeTimeRange: { ...relativeTimeRange },
      model: JSON.stringify(model),
    })),
  }));
}
