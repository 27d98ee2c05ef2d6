import { isIP, isIPv4 } from "node:net";
import { z } from "zod";
import { account, userName } from "./account";
import { isHostName, url } from "./addresses";
import { datasource } from "./datasource";
import * as field from "./fields";
import { grafanaFiles } from "./grafana-files";

/** Whether nothing is set; the empty map stands for that too. */
export function isOff(value: unknown): boolean {
  return value === undefined || value === null || (field.isMap({ value }) && Object.keys(value).length === 0);
}

/** What is off until it is configured: the empty map stands for that, because Pulumi.yaml must give every key a value. */
export function optional<T>(schema: z.ZodType<T>) {
  return z
    .preprocess((value) => (isOff(value) ? undefined : value), schema.optional())
    .prefault({})
    .meta({ fallback: "off" });
}

/** Whether a URL's host is this machine itself, in any spelling that dials it. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    ["localhost", "0.0.0.0", "[::]", "[::1]"].includes(hostname) ||
    hostname.endsWith(".localhost") ||
    (isIPv4(hostname) && hostname.startsWith("127."))
  );
}

export const prometheus = optional(
  field
    .map("a map with at least url", {
      url: url("the address of the host's own Prometheus")
        .refine(isLoopback, {
          error: `must be on the host's loopback, such as "http://127.0.0.1:9090": its files are on the host`,
        })
        .describe(
          "The address of the Prometheus whose configuration is in `/etc/prometheus`, on the host's loopback.",
        ),
      discovery: z
        .enum(["scrape_config_files", "file_sd"], {
          error: field.expected('"scrape_config_files" or "file_sd"'),
        })
        .default("scrape_config_files")
        .describe(
          "How it is told what to scrape: `scrape_config_files` has a job for each target, and needs Prometheus 2.43; " +
            "`file_sd` has one job for all of them.",
        ),
      skip: z
        .array(field.anyText("the name of a service, or alloy, host or pyroscope"))
        .default([])
        .describe(
          "What a job of somebody else scrapes already: names of services, `alloy`, `host` (its file systems) or `pyroscope`. The " +
            "stack makes no job for them. Its rules and dashboards find their metrics where that job gives them the labels " +
            "`environment` and `service_name`.",
        ),
      user: userName
        .optional()
        .describe(
          "The user for basic authentication, where it has a `web.config.file`. The password is the secret `prometheusPassword`.",
        )
        .meta({ fallback: "no authentication" }),
      insecureSkipVerify: field
        .flag()
        .default(false)
        .describe(
          "Whether its certificate is not checked, by the host and by Grafana. Only with an https `url`; whoever has the port on " +
            "the host is given the password.",
        ),
    })
    .superRefine(refuseSkip, { when: field.isMap }),
).describe(
  "The host's own Prometheus, which gets jobs and rules for the services, Pyroscope and Alloy. It is on with its `url`.",
);

/** Where the lines come from. */
export const logSources = ["journal", "otlp"] as const;
const logSource = z.enum(logSources);
const sourceForm = '"journal", "otlp" or the list [journal, otlp]';
function refuseSkip(value: unknown, context: z.RefinementCtx): void {
  const { insecureSkipVerify, url: at } = value as { insecureSkipVerify?: unknown; url?: unknown };
  if (insecureSkipVerify !== true || typeof at !== "string" || !at.startsWith("http://")) return;
  const message = "is for an https URL, and prometheus.url is none: leave it out, or set that";
  context.addIssue({ code: "custom", path: ["insecureSkipVerify"], message });
}

const levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;

const otlpPort = (protocol: string, usual: number) =>
  field
    .port()
    .optional()
    .describe(
      `Where Alloy takes logs by OTLP/${protocol}, on 127.0.0.1. Not with \`traces\`, whose ports are for both.`,
    )
    .meta({ fallback: `${usual}, or that of \`traces\`` });

export const logs = optional(
  field.map("a map with at least url", {
    url: url("the address of Loki")
      .refine((value) => !value.endsWith("/loki/api/v1/push"), {
        error: "must be Loki's base address: leave out /loki/api/v1/push",
      })
      .describe("Loki's base address, from the host, without `/loki/api/v1/push`."),
    ...account("logsPassword"),
    source: z
      .union(
        [logSource, z.array(logSource).min(1, { error: "must name at least one of journal and otlp" })],
        { error: field.expected(sourceForm) },
      )
      .transform((value) => (typeof value === "string" ? [value] : value))
      .prefault("journal")
      .describe(
        "Where the lines come from: `journal` is the journals of the services' units, and `otlp` is what the services send to " +
          "the receiver of `traces`, which is there without `traces` too. With both, each service's lines come from one of them.",
      )
      .meta({ form: "`journal`, `otlp` or the list `[journal, otlp]`" }),
    level: z
      .enum(levels, { error: field.expected(`one of ${levels.join(", ")}`) })
      .default("debug")
      .describe(
        "The least severe level that is sent. A line without a level always is. A line of the journal whose program wrote no " +
          "priority has the level that its text says, or else `info`; a log record has that of its severity.",
      ),
    grpcPort: otlpPort("gRPC", 4317),
    httpPort: otlpPort("HTTP", 4318),
  }),
).describe(
  "The services' logs, which Alloy sends to Loki. They are on with `url`. With the journal as `source`, at least one service needs a `unit`.",
);

export const traces = optional(
  field.map("a map with at least url", {
    url: url("the address of Tempo's OTLP/HTTP receiver")
      .refine((value) => !value.endsWith("/v1/traces"), {
        error: "must be the receiver's base address: leave out /v1/traces",
      })
      .describe(
        "The base address of an OTLP/HTTP receiver, such as Tempo's, from the host, without `/v1/traces`.",
      ),
    ...account("tracesPassword"),
    grpcPort: field.port().default(4317).describe("Where Alloy takes OTLP/gRPC, on 127.0.0.1."),
    httpPort: field.port().default(4318).describe("Where Alloy takes OTLP/HTTP, on 127.0.0.1."),
  }),
).describe(
  "The services' spans, which Alloy takes by OTLP on loopback and sends to Tempo. They are on with `url`.",
);

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

const domainForm = `a domain such as "pyroscope.glider.flights", of letters, digits, - and .`;

/** A name that a certificate can be for, in the one form that Caddy has it in; or an address, for its own authority. */
const domain = field
  .anyText(domainForm)
  .transform((value) => value.toLowerCase().replace(/(?<=\w)\.$/, ""))
  .refine((value) => isIP(value) === 4 || (value.includes(".") && isHostName(value)), {
    error: field.expected(domainForm),
  });

export const site = optional(
  field.map("a map with at least domain", {
    domain: domain.describe("The name that the site has; an IPv4 address only with `tls: internal`."),
    tls: z
      .enum(["acme", "internal"], { error: field.expected('"acme" or "internal"') })
      .default("acme")
      .describe("Who signs the certificate: `acme` is a public authority, `internal` is Caddy's own."),
    allowPush: field
      .flag()
      .default(false)
      .describe(
        "Whether profiles are also taken through the site, from whoever may read it. The other ones of `hosts` send theirs " +
          "whatever this is.",
      ),
    insecureNoAuthentication: field
      .flag()
      .default(false)
      .describe("Whether anyone may read all profiles, without a password. Not together with `siteUsers`."),
  }),
).describe(
  "The Pyroscope on this host behind the host's own Caddy, by HTTPS and with passwords. It is on with its `domain`.",
);
