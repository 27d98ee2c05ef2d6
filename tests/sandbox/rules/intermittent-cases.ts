import { parseDuration } from "../../../config/units";
import type { RulesArgs } from "../../../render/prometheus/rules";
import type { Firing, Series } from "../harness/promtool";
import { alloyRuns, counted, of, owner, refused, type Case } from "./series";

const component = "production_CPU_pull";

/** One service that always runs, and one that a timer starts. */
export const intermittent: RulesArgs = {
  ...owner,
  jobs: ["alloy", "a"],
  services: [
    ...owner.services.slice(0, 1),
    { name: "pull", profiles: ["cpu"], interval: parseDuration("60s"), schedule: "intermittent" },
  ],
};

/** The other one sends all the time. */
const running: Series[] = [...alloyRuns, { series: counted("sent", "production_CPU_a"), values: "0+1x600" }];

/** It is asked every minute: for half an hour it sends, for an hour it is away, and then it is there again. */
const wasAway: Series[] = [
  ...running,
  { series: counted("sent", component), values: "0+1x30 30x600" },
  { series: refused(component, "connection refused"), values: "_x30 1+1x60 61x600" },
];
const isAway: Series[] = [
  ...running,
  { series: counted("sent", component), values: "0+1x30 30x600" },
  { series: refused(component, "connection refused"), values: "_x30 1+1x600" },
];
const answers = (reason: string): Series => ({ series: refused(component, reason), values: "_x92 1+1x600" });

function firing(summary: string, description: string, labels: Record<string, string>): Firing {
  return {
    labels: { service_name: "pull", kind: "cpu", component_id: `pyroscope.write.${component}`, ...labels },
    severity: "critical",
    summary: `No cpu profile of pull (production)${summary}`,
    description:
      `None for three intervals of 1m 0s${description} ` +
      "`npm run verify -- pull` names the broken link, and `journalctl -u alloy` has Alloy's own words.",
  };
}

const failing = firing(
  ": HTTP status (500)",
  ". The service does not run, or does not answer with a profile.",
  {
    reason: "HTTP status (500)",
  },
);

function cases(of: [alert: string, when: string, at: string, series: Series[], firing?: Firing[]][]): Case[] {
  return of.map(([alert, when, at, series, fires = []]) => [alert, when, at, series, fires, intermittent]);
}

/** A service that may be away. */
export const intermittentCases: Case[] = cases([
  ["ProfilesRefused", "an intermittent one is away for an hour", "91m", isAway],
  ["ProfilesMissing", "an intermittent one is away for an hour", "91m", isAway],
  ["ProfilesNotDelivered", "an intermittent one is away for an hour", "91m", isAway],
  [
    ...(["ProfilesRefused", "it ended while it was asked, and is away since then", "36m"] as const),
    [...isAway, { series: refused(component, "EOF"), values: "_x30 1x600" }],
  ],
  [
    "ProfilesRefused",
    "it has never been there",
    "5h",
    [...running, { series: refused(component, "connection refused"), values: "0+1x600" }],
  ],
  ["ProfilesRefused", "it has just started, and fails", "93m", [...wasAway, answers("HTTP status (500)")]],
  [
    "ProfilesRefused",
    "it fails for more than three intervals",
    "97m",
    [...wasAway, answers("HTTP status (500)")],
    [failing],
  ],
  [
    "ProfilesMissing",
    "it fails for more than three intervals",
    "97m",
    [...wasAway, answers("HTTP status (500)")],
  ],
  ["ProfilesMissing", "it has just started, and sends nothing yet", "92m", wasAway],
  [
    ...(["ProfilesRefused", "it has started, fails once, and sends", "97m"] as const),
    [
      ...running,
      { series: counted("sent", component), values: "0+1x30 30x63 31+1x600" },
      { series: refused(component, "connection refused"), values: "_x30 1+1x60 61x600" },
      { series: refused(component, "HTTP status (500)"), values: "_x92 1x600" },
    ],
  ],
  [
    ...(["ProfilesNotDelivered", "it runs, and Pyroscope takes nothing of it", "97m"] as const),
    [...wasAway, { series: counted("retries", component), values: "_x92 1+1x600" }],
    [
      firing(" arrives", ": the service answers, and Pyroscope does not take it.", {
        schedule: "intermittent",
      }),
    ],
  ],
  [
    ...(["ProfilingTargetDown", "its metrics are away with it", "91m"] as const),
    [{ series: `up{${of("pull")}}`, values: "1x30 0x600" }],
  ],
]);
