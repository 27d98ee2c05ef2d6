import { z } from "zod";
import * as field from "./fields";
import { labelRules, labels, reservedInMetrics } from "./service-labels";
import { type Duration, formatDuration } from "./units";

/** Where a service serves metrics for Prometheus, and how they are taken. */
const metricsMap = field
  .map("true, false, or a map with path and port", {
    path: field
      .text('a path such as "/metrics"', /^\/[\w./~-]*$/)
      .default("/metrics")
      .describe("The path of the metrics."),
    port: field
      .port()
      .optional()
      .describe("The port of the metrics, at the address of the service.")
      .meta({ fallback: "the `port` of the service" }),
    interval: field
      .duration()
      .refine((value) => value <= 120, {
        error: "must be at most 2m: a target that has not answered for 2m is told as down",
      })
      .prefault("15s")
      .describe("The time from one scrape to the next. At most 2m."),
    timeout: field
      .duration()
      .optional()
      .describe("How long a scrape may take. Not longer than `metrics.interval`.")
      .meta({ fallback: "Prometheus's own (`scrape_timeout`, 10s), or the interval where that is shorter" }),
    labels: labels(reservedInMetrics).describe(
      `Further labels of its metrics: of the target in Prometheus. ${labelRules(reservedInMetrics)}`,
    ),
  })
  .superRefine(checkTimeout, { when: field.isMap });

function checkTimeout(value: unknown, context: z.RefinementCtx): void {
  const { interval, timeout } = value as { interval?: unknown; timeout?: unknown };
  if (typeof interval !== "number" || typeof timeout !== "number" || timeout <= interval) return;
  const [longest, wanted] = [interval, timeout].map((seconds) => formatDuration(seconds as Duration));
  const message = `must not be longer than the interval: set it to ${longest} or less, or metrics.interval to ${wanted} or more`;
  context.addIssue({ code: "custom", path: ["timeout"], message });
}

/** `true` stands for the defaults. */
export const metrics = z.preprocess(
  (value) => (value === true ? {} : value === false ? undefined : value),
  metricsMap.optional(),
);
