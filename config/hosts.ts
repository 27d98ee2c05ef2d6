import { z } from "zod";
import * as field from "./fields";
import { reached, requireHostKeys } from "./host";
import { optional } from "./optional";

/** One of several hosts: how it is reached, and what runs there. */
export const hostEntry = field.map("a map with at least address and hostKey", {
  ...reached,
  services: z
    .array(field.anyText("the name of a service"), { error: field.expected("a list of names of services") })
    .default([])
    .describe("The names of the `services` that run there. A service may run on several hosts.")
    .meta({ form: "a list of names of services" }),
  stores: field
    .flag()
    .default(false)
    .describe(
      "Whether it is the host that has Pyroscope, and the `site` through which the others send their profiles. One host is, " +
        "unless there is a `pyroscope.remote`.",
    ),
  prometheus: field
    .flag()
    .default(true)
    .describe("Whether, with `prometheus.url`, the host has a Prometheus of its own that is told of it."),
});

const form = "a map of name to host";
const nameForm = 'a-z, 0-9 and -, a letter first, at most 31 characters, and not "grafana"';

/** The hosts of an environment that has several, by their names. */
export const hosts = optional(
  z
    .record(z.string(), hostEntry, { error: field.expected(form) })
    .superRefine(checkHosts, { when: field.isMap })
    .meta({ form }),
)
  .meta({ fallback: "none: the one `host`" })
  .describe(
    "The hosts of an environment that has several, by their names, instead of `host`. The name is the label `host` of all " +
      "profiles, log lines and spans.",
  );

function checkHosts(value: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const [name, entry] of Object.entries(value)) {
    // What an environment has once has such names in Pulumi.
    if (!/^[a-z][a-z0-9-]{0,30}$/.test(name) || name === "grafana")
      context.addIssue({ code: "custom", path: [name], message: `must be named with ${nameForm}` });
    if (field.isMap({ value: entry })) requireHostKeys(`hosts.${name}`, entry, context, [name]);
  }
}
