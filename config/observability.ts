import { isIP, isIPv4 } from "node:net";
import { z } from "zod";
import { isHostName, url } from "./addresses";
import * as field from "./fields";

/** Whether nothing is set; the empty map stands for that too. */
export function isOff(value: unknown): boolean {
  return value === undefined || value === null || (field.isMap({ value }) && Object.keys(value).length === 0);
}

/** What is off until it is configured: the empty map stands for that, because Pulumi.yaml must give every key a value. */
function optional<T>(schema: z.ZodType<T>) {
  return z
    .unknown()
    .transform((value, context): T | undefined => {
      if (isOff(value)) return undefined;
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      field.adoptIssues(context, parsed.error);
      return z.NEVER;
    })
    .prefault({});
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

/** Basic authentication and tenancy of a place that Alloy sends to; the password is a secret of its own. */
const account = {
  /** Sent as X-Scope-OrgID. */
  tenant: field.text("a tenant", /^[\w!.*'()-]{1,150}$/).optional(),
  /** Basic authentication, together with its secret password. */
  user: field.text("a user name without a colon", /^[^:\p{Cc}]+$/u).optional(),
};

export const prometheus = optional(
  field.map("a map with at least url", {
    /** Where the Prometheus answers whose `/etc/prometheus` is on the host. */
    url: url("the address of the host's own Prometheus").refine(isLoopback, {
      error: `must be on the host's loopback, such as "http://127.0.0.1:9090": its files are on the host`,
    }),
    /** How it is told of targets; scrape_config_files needs Prometheus 2.43. */
    discovery: z
      .enum(["scrape_config_files", "file_sd"], {
        error: field.expected('"scrape_config_files" or "file_sd"'),
      })
      .default("scrape_config_files"),
  }),
);

const levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;

export const logs = optional(
  field.map("a map with at least url", {
    /** Base URL of Loki, without `/loki/api/v1/push`. */
    url: url("the address of Loki").refine((value) => !value.endsWith("/loki/api/v1/push"), {
      error: "must be Loki's base address: leave out /loki/api/v1/push",
    }),
    ...account,
    /** The least severe level that is kept, in the journal's words. @default all */
    level: z.enum(levels, { error: field.expected(`one of ${levels.join(", ")}`) }).default("debug"),
  }),
);

export const traces = optional(
  field.map("a map with at least url", {
    /** Base URL of an OTLP/HTTP receiver, such as Tempo's, without `/v1/traces`. */
    url: url("the address of Tempo's OTLP/HTTP receiver").refine((value) => !value.endsWith("/v1/traces"), {
      error: "must be the receiver's base address: leave out /v1/traces",
    }),
    ...account,
    /** Where Alloy takes OTLP, on loopback. */
    grpcPort: field.port().default(4317),
    httpPort: field.port().default(4318),
  }),
);

const datasourceUrl = (what: string) => url(`the address of ${what}, as Grafana sees it`).optional();

const emailAddress = field.text("an email address", /^[^\s@;,]+@[^\s@;,]+$/);

const webhook = url(
  "the address of the webhook",
  ", so that it is rather a secret: remove it here, and pulumi config set --secret alertsWebhook",
);

const alerts = field.map("a map with emails or webhook", {
  emails: z
    .array(emailAddress, { error: field.expected("a list of email addresses") })
    .min(1, { error: "must name at least one address" })
    .optional(),
  /** One that is no secret; another is the secret alertsWebhook. */
  webhook: webhook.optional(),
  /** Routes these alerts to the contact point, by replacing the organization's whole notification policy. */
  replaceNotificationPolicy: field.flag().default(false),
});

export const grafana = optional(
  field
    .map("a map with at least url", {
      /** Where Grafana answers: from where Pulumi runs, or with `tunnel` from the host. */
      url: url("the address of Grafana"),
      /** Reach it through SSH: the port on the loopback of the machine that Pulumi runs on. @default no tunnel */
      tunnel: field.port().optional(),
      /** What Grafana reads, as it sees it. @default what this stack knows; tempo only when it is set here */
      datasources: field
        .map("a map with pyroscope, prometheus, loki or tempo", {
          pyroscope: datasourceUrl("Pyroscope"),
          prometheus: datasourceUrl("Prometheus"),
          loki: datasourceUrl("Loki"),
          tempo: datasourceUrl("Tempo's HTTP API"),
        })
        .prefault({}),
      /** Alert rules, with whom they tell. @default none */
      alerts: alerts.optional(),
    })
    .superRefine(checkTunnel, { when: field.isMap }),
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
const domain = z
  .string({ error: field.expected(domainForm) })
  .transform((value) => value.toLowerCase().replace(/(?<=\w)\.$/, ""))
  .refine((value) => isIP(value) === 4 || (value.includes(".") && isHostName(value)), {
    error: field.expected(domainForm),
  });

export const site = optional(
  field.map("a map with at least domain", {
    domain,
    /** Who signs the certificate: a public authority through ACME, or Caddy itself. */
    tls: z.enum(["acme", "internal"], { error: field.expected('"acme" or "internal"') }).default("acme"),
    /** Whether profiles may be pushed from outside, by who may log in. */
    allowPush: field.flag().default(false),
    /** Anyone may read all profiles. */
    insecureNoAuthentication: field.flag().default(false),
  }),
);
