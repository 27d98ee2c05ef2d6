import { z } from "zod";
import { loopbackAddress } from "./addresses";
import * as field from "./fields";
import { metrics } from "./metrics";
import { logSources } from "./observability";
import { labelRules, labels, reservedInProfiles } from "./service-labels";

/** The kinds of profile that a service can serve. */
export const profileKinds = ["cpu", "heap"] as const;

const profileKind = z.enum(profileKinds, { error: field.expected('"cpu" or "heap"') });

export type ProfileKind = (typeof profileKinds)[number];

const profiles = z
  .array(profileKind, { error: field.expected('a list of "cpu" and "heap"') })
  .refine((kinds) => new Set(kinds).size === kinds.length, { error: "must name each kind once" });

/** When a service runs: always, or now and then, as one that a timer starts. */
const schedules = ["always", "intermittent"] as const;

const schedule = z.enum(schedules, { error: field.expected('"always" or "intermittent"') });

export type Schedule = (typeof schedules)[number];

/** One service: what is taken of it, and how. */
export const serviceSchema = field
  .map("a map with name and port", {
    name: field
      .text("a name of letters, digits, ., _ and -, at most 128", /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/)
      .describe(
        "The service's name, which is its label `service_name`. No two services have the same; one with `metrics` is not `alloy`, `host` or `pyroscope`.",
      ),
    port: field
      .port()
      .optional()
      .describe("The port at which it serves `/debug/pprof/`, and its metrics unless those have another.")
      .meta({ fallback: "**required** for profiles, and for metrics without a port of their own" }),
    address: loopbackAddress().default("127.0.0.1").describe("The address at which it listens."),
    profiles: profiles
      .default(["cpu"])
      .describe(
        "The kinds of profile that the service serves, each once. `[]` is for one that serves none, and has `metrics`, a " +
          "`unit` or both.",
      ),
    schedule: schedule
      .default("always")
      .describe(
        "When it runs. `intermittent` is for one that a timer starts: that it is away is no fault, to the alerts, to the " +
          "preflight of an `up` and to `npm run verify`. While it runs and answers wrongly, it is one.",
      ),
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
    labels: labels(reservedInProfiles).describe(
      `Further labels of its profiles. ${labelRules(reservedInProfiles)}`,
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
      .describe("Where it serves metrics for `prometheus`. `true` stands for the defaults of its fields."),
    unit: field
      .text(`a systemd unit such as "soar-run.service"`, /^[A-Za-z0-9:_.@\\-]+\.service$/)
      .optional()
      .describe(
        "The systemd unit whose journal `logs` sends to Loki, with the service's name. A unit is of one service only, and " +
          "not `alloy.service` or `loki.service`.",
      )
      .meta({ fallback: "none: no journal is sent" }),
    logs: z
      .enum(logSources, { error: field.expected('"journal" or "otlp"') })
      .optional()
      .describe(
        "Where its lines come from, where `logs.source` is both: a service that prints what it also sends by OTLP would have " +
          "all of it twice in Loki. With `otlp`, only what systemd says of the `unit` is taken from the journal.",
      )
      .meta({ fallback: "`journal` with a `unit`, else `otlp`" }),
  })
  .superRefine(checkDuration, { when: field.isMap })
  .superRefine(checkPort, { when: field.isMap })
  .superRefine(checkPurpose, { when: field.isMap });

/** A service that serves profiles. */
export type Profiled<Service> = Service & { readonly port: number };

/** Those of some services that serve profiles; the schema sees to it that they have a port. */
export function profiled<
  Service extends { readonly profiles: readonly string[]; readonly port?: number | undefined },
>(services: readonly Service[]): Profiled<Service>[] {
  return services.filter(
    (service): service is Profiled<Service> => service.profiles.length > 0 && service.port !== undefined,
  );
}

/** What a service may be written as, with parts of it wrong. */
interface Written {
  port?: unknown;
  profiles?: unknown;
  metrics?: unknown;
  unit?: unknown;
}

function checkPort(value: unknown, context: z.RefinementCtx): void {
  const { port, profiles, metrics } = value as Written;
  const servesMetrics = field.isMap({ value: metrics }) && (metrics as { port?: unknown }).port === undefined;
  const servesProfiles = !Array.isArray(profiles) || profiles.length > 0;
  if (port !== undefined || !(servesProfiles || servesMetrics)) return;
  const message = field.expected(field.portForm)({});
  context.addIssue({ code: "custom", path: ["port"], message });
}

function checkPurpose(value: unknown, context: z.RefinementCtx): void {
  const { profiles, metrics, unit } = value as Written;
  if (!Array.isArray(profiles) || profiles.length > 0 || metrics !== undefined || unit !== undefined) return;
  const message =
    "is empty, and so nothing of the service is taken: name cpu, heap or both, or set metrics or unit";
  context.addIssue({ code: "custom", path: ["profiles"], message });
}

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
