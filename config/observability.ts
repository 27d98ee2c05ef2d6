import { z } from "zod";
import { account, userName } from "./account";
import { isLoopback, url } from "./addresses";
import * as field from "./fields";
import { optional } from "./optional";

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
