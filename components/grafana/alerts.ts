import * as pulumi from "@pulumi/pulumi";
import { alerting } from "@pulumiverse/grafana";
import type { GrafanaSettings } from "../../config/settings";
import {
  type AlertArgs,
  alertRules,
  evaluationInterval,
  pipelineGroup,
} from "../../render/grafana/alert-rules";
import { steady } from "../host/steady";
import { grafanaTitle } from "../../render/grafana/identity";

type RuleArgs = pulumi.Unwrap<alerting.RuleGroupArgs["rules"]>;

/** Whom the alerts tell, and how. */
export type AlertSettings = NonNullable<GrafanaSettings["alerts"]> & {
  /** Instead of `webhook`, where its address is a secret. */
  secretWebhook?: pulumi.Output<string> | undefined;
};

/** The name of an environment's contact point, by which policies send to it. */
export const contactPointName = grafanaTitle;

/** Declares an environment's alert rules, whom they tell and, if that is asked for, that all alerts go there. */
export function declareAlerts(
  name: string,
  settings: AlertSettings,
  folderUid: pulumi.Input<string>,
  environment: string,
  args: pulumi.Output<AlertArgs>,
  opts: pulumi.CustomResourceOptions,
): void {
  const { emails, replaceNotificationPolicy } = settings;
  const webhook = settings.secretWebhook ?? settings.webhook;
  const contact = steady(
    new alerting.ContactPoint(
      `${name}-contact`,
      {
        name: contactPointName(environment),
        ...(emails === undefined ? {} : { emails: [{ addresses: emails }] }),
        ...(webhook === undefined ? {} : { webhooks: [{ url: webhook }] }),
      },
      settings.secretWebhook === undefined ? opts : { ...opts, additionalSecretOutputs: ["webhooks"] },
    ),
  );
  if (replaceNotificationPolicy) {
    const contactPoint = pulumi.recover(contact.name, () => contactPointName(environment));
    new alerting.NotificationPolicy(
      `${name}-policy`,
      { contactPoint, groupBies: ["grafana_folder", "alertname"], groupWait: "10s" },
      opts,
    );
  }
  new alerting.RuleGroup(
    `${name}-rules`,
    {
      name: pipelineGroup,
      folderUid,
      intervalSeconds: evaluationInterval,
      rules: args.apply(ruleArgs),
    },
    opts,
  );
}

function ruleArgs(args: AlertArgs): RuleArgs {
  return alertRules(args).map((rule) => ({
    name: rule.title,
    condition: rule.condition,
    for: rule.for,
    noDataState: rule.noDataState,
    execErrState: rule.execErrState,
    labels: rule.labels ?? {},
    annotations: rule.annotations ?? {},
    datas: rule.data.map(({ refId = "", datasourceUid = "", relativeTimeRange, model }) => ({
      refId,
      datasourceUid,
      model: JSON.stringify(model),
      relativeTimeRange: { from: relativeTimeRange?.from ?? 0, to: relativeTimeRange?.to ?? 0 },
    })),
  }));
}
