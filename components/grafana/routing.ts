import * as pulumi from "@pulumi/pulumi";
import { lastResources } from "../host/last-resources";
import type { WithGrafana } from "./access";
import { contactPointName } from "./alerts";

/**
 * Says, as long as the contact point is new, what sends to it: without `replaceNotificationPolicy` no alert does by itself. Grafana's
 * API takes the tree of notification policies as a whole. A rule of its own can name a contact point since Grafana 10.4, behind a
 * feature toggle, and since 11.0 without; the Grafana that this is tried with is older, and drops it.
 * @param name of the component in Grafana
 * @param stack `organization/project/stack`
 */
export async function tellRouting(
  name: string,
  { environment, grafana: { alerts } }: WithGrafana,
  stack: string,
): Promise<void> {
  if (alerts?.replaceNotificationPolicy !== false || `${name}-contact` in (await lastResources(stack)))
    return;
  void pulumi.log.info(
    `grafana.alerts: alerts reach the contact point ${contactPointName(environment)} only where a notification policy of Grafana ` +
      `sends them there. Grafana's API has no way to add one beside those that are there: add one in Grafana, which matches ` +
      `environment="${environment}", or set grafana.alerts.replaceNotificationPolicy`,
  );
}
