import { z } from "zod";
import { loopbackAddress } from "./addresses";
import * as field from "./fields";

/** Labels that we, Alloy or Pyroscope set. */
const ownLabels = [
  "service_name",
  "environment",
  "job",
  "instance",
  "service_repository",
  "service_git_ref",
  "thread",
  "otel_scope_name",
  "otel_scope_version",
];

/** Pyroscope's `max_label_name_length` and `max_label_value_length`, in bytes. */
const longestName = 1_024;
const longestValue = 2_048;

function labelProblem(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return "must be named with letters, digits and _, and not begin with a digit";
  if (name.startsWith("__")) return "must not begin with __: such labels are dropped";
  if (name.length > longestName) return `must have a name of at most ${longestName} bytes`;
  if (ownLabels.includes(name)) return "is set by soar-profiling itself: choose another name";
  if (value.includes("\0")) return "must not contain a NUL character";
  if (/\p{Surrogate}/u.test(value)) return "must be valid Unicode";
  if (Buffer.byteLength(value) > longestValue) return `must be at most ${longestValue} bytes long`;
  return undefined;
}

const labelsForm = "a map of label name to text";

const labels = z
  .record(z.string(), field.opaqueText("a label's value, not empty"), { error: `must be ${labelsForm}` })
  .superRefine(checkLabels, { when: field.isMap })
  .meta({ form: labelsForm });

function checkLabels(value: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const [name, text] of Object.entries(value)) {
    const message = labelProblem(name, typeof text === "string" ? text : "");
    if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
  }
}

/** The kinds of profile that a service can serve. */
export const profileKinds = ["cpu", "heap"] as const;

const profileKind = z.enum(profileKinds, { error: field.expected('"cpu" or "heap"') });

export type ProfileKind = (typeof profileKinds)[number];

const profiles = z
  .array(profileKind, { error: field.expected('a list of "cpu" and "heap"') })
  .min(1, { error: "must name at least one of cpu and heap" })
  .refine((kinds) => new Set(kinds).size === kinds.length, { error: "must name each kind once" });

/** Where a service serves metrics for Prometheus; `true` stands for the defaults. */
const metricsAt = field.map("true, false, or a map with path and port", {
  path: field
    .text('a path such as "/metrics"', /^\/[\w./~-]*$/)
    .default("/metrics")
    .describe("The path of the metrics."),
  port: field
    .port()
    .optional()
    .describe("The port of the metrics, at the address of the service.")
    .meta({ fallback: "the port of the profiles" }),
});

const metrics = z.preprocess(
  (value) => (value === true ? {} : value === false ? undefined : value),
  metricsAt.optional(),
);

/** One service to profile. */
export const serviceSchema = field
  .map("a map with name and port", {
    name: field
      .text("a name of letters, digits, ., _ and -, at most 128", /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/)
      .describe(
        "The service's name, which is its label `service_name`. No two services have the same; one with `metrics` is not `alloy`, `host` or `pyroscope`.",
      ),
    port: field.port().describe("The port at which it serves `/debug/pprof/`."),
    address: loopbackAddress().default("127.0.0.1").describe("The address at which it listens."),
    profiles: profiles.default(["cpu"]).describe("The kinds of profile that the service serves, each once."),
    interval: field
      .duration()
      .refine((value) => value <= 86_400, {
        error: "must be at most 1d: a service is silent to the alerts after three of them",
      })
      .prefault("60s")
      .describe(
        "The time from one profile to the next. At most 1d, and shorter than the `retention` of a Pyroscope on the host.",
      ),
    duration: field
      .duration()
      .prefault("5s")
      .describe(
        "How long each CPU profile measures. More than 1s, less than 1h, and at least 1s less than `interval`; exactly " +
          "14s only with an `interval` of 15s. Without cpu among its `profiles` it means nothing.",
      ),
    labels: labels
      .default({})
      .describe(
        `Further labels of its profiles. Names are of letters, digits and _, not ${ownLabels.join(", ")}. ` +
          `A value is any text of at most ${longestValue} bytes.`,
      ),
    repository: field
      .line("the address of the source code")
      .optional()
      .describe("The address of the source code, for Grafana's links to it: the label `service_repository`.")
      .meta({ fallback: "none" }),
    gitRef: field
      .line("a git reference")
      .optional()
      .describe(
        "The git reference of the running build: the label `service_git_ref`. Each new one makes new series.",
      )
      .meta({ fallback: "that of the stack, if it has one" }),
    telemetryName: field
      .line("the service's name in OpenTelemetry")
      .optional()
      .describe(
        "What the service calls itself in OpenTelemetry (`service.name`), where that is not its `name`. Its spans keep it, " +
          "and get the `name` beside it, which Grafana's links look for. No two services are called the same.",
      )
      .meta({ fallback: "its `name`" }),
    metrics: metrics
      .prefault(false)
      .describe(
        "Where it serves metrics for `prometheus`. `true` stands for the defaults of `path` and `port`.",
      ),
    unit: field
      .text(`a systemd unit such as "soar-run.service"`, /^[A-Za-z0-9:_.@\\-]+\.service$/)
      .optional()
      .describe(
        "The systemd unit whose journal `logs` sends to Loki, with the service's name. A unit is of one service only, and " +
          "not `alloy.service` or `loki.service`.",
      )
      .meta({ fallback: "none: no journal is sent" }),
  })
  .superRefine(checkDuration, { when: field.isMap });

function checkDuration(value: unknown, context: z.RefinementCtx): void {
  const { profiles, interval, duration } = value as {
    profiles?: unknown;
    interval?: unknown;
    duration?: unknown;
  };
  if (typeof interval !== "number" || typeof duration !== "number") return;
  if (!Array.isArray(profiles) || !profiles.includes("cpu")) return;
  const message = durationProblem(interval, duration);
  if (message !== undefined) context.addIssue({ code: "custom", path: ["duration"], message });
}

function durationProblem(interval: number, duration: number): string | undefined {
  if (duration >= 3_600) return "must be less than 1h: Pyroscope takes no profile that began an hour ago";
  if (duration <= 1) return "must be more than 1s: Alloy takes no shorter CPU profile";
  if (duration > interval - 1) {
    return `must be at least 1s shorter than the interval: set it to ${interval - 1}s or less, or the interval to ${duration + 1}s or more`;
  }
  // Alloy takes 14s for "not set" and then measures the interval less a second.
  if (duration === 14 && interval !== 15)
    return "must not be exactly 14s, which Alloy takes for unset: set 13s or 15s";
  return undefined;
}
