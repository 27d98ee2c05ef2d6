import { z } from "zod";
import { isLoopback, url } from "./addresses";
import { datasource } from "./datasource";
import * as field from "./fields";
import { grafanaFiles } from "./grafana-files";
import { optional } from "./optional";

const emailAddress = field.text("an email address", /^[^\s@;,]+@[^\s@;,]+$/);

const webhook = url(
  "the address of the webhook",
  ", so that it is rather a secret: remove it here, and pulumi config set --secret alertsWebhook",
);

const alerts = field.map("a map with emails or webhook", {
  emails: z
    .array(emailAddress, { error: field.expected("a list of email addresses") })
    .min(1, { error: "must name at least one address" })
    .optional()
    .describe("Whom Grafana writes to, one address at least.")
    .meta({ fallback: "nobody" }),
  webhook: webhook
    .optional()
    .describe(
      "The address that Grafana posts to. One that is a secret is the secret `alertsWebhook` instead.",
    )
    .meta({ fallback: "none" }),
  replaceNotificationPolicy: field
    .flag()
    .default(false)
    .describe(
      "Whether all alerts of the organization go to this contact point: it replaces the whole notification policy. Without it, an " +
        "alert goes where Grafana's own policies send it.",
    ),
});

export const grafana = optional(
  field
    .map("a map with at least url", {
      url: url("the address of Grafana").describe(
        "The address of Grafana: from where Pulumi runs or, with `tunnel`, from the host.",
      ),
      tunnel: field
        .port()
        .optional()
        .describe(
          "The port of an SSH tunnel to Grafana, on the loopback of the machine that Pulumi runs on. Only for a `url` on the " +
            "host's loopback.",
        )
        .meta({ fallback: "no tunnel" }),
      datasources: field
        .map("a map with pyroscope, prometheus, loki or tempo", {
          pyroscope: datasource("Pyroscope", "that of `pyroscope`"),
          prometheus: datasource("Prometheus", "`prometheus.url`"),
          loki: datasource("Loki", "`logs.url`"),
          tempo: datasource("Tempo's HTTP API", "no such datasource"),
        })
        .prefault({})
        .describe(
          "The addresses of the datasources, as Grafana sees them. One that is set here is asked without tenant and user. With " +
            "`{uid: ...}` the stack uses a datasource that exists, makes none of its own beside it and changes nothing in it. A " +
            "stack on another's platform uses the owner's datasources, but for those that it sets.",
        ),
      alerts: alerts
        .optional()
        .describe(
          "Alert rules in Grafana instead of Prometheus, and whom they tell: `emails`, `webhook` or the secret " +
            "`alertsWebhook`. They need `prometheus`.",
        )
        .meta({ fallback: "none: the rules are in Prometheus" }),
      ...grafanaFiles,
    })
    .superRefine(checkTunnel, { when: field.isMap }),
).describe(
  "Datasources, a folder, dashboards and alert rules in Grafana. They are on with its `url` and the secret `grafanaAuth`.",
);

function checkTunnel(value: unknown, context: z.RefinementCtx): void {
  const { tunnel, url } = value as { tunnel?: unknown; url?: unknown };
  if (tunnel === undefined || typeof url !== "string" || !URL.canParse(url) || isLoopback(url)) return;
  const message =
    "is for a Grafana on the host's loopback: leave it out, or set grafana.url to such an address";
  context.addIssue({ code: "custom", path: ["tunnel"], message });
}
