import { alloyRuns, counted, of, owner, refused, type Case } from "./series";
import { parseDuration } from "../../../config/units";
import type { Firing, Series } from "../harness/promtool";
import type { RulesArgs } from "../../../render/prometheus/rules";

const components = ["CPU_a", "CPU_b", "CPU_c_dd", "CPU_e__f", "CPU_g", "CPU_run", "HEAP_run"].map(
  (name) => `production_${name}`,
);
const hour = 60;

/** All send a profile a minute, but those that are named. */
const others = (...silent: string[]): Series[] => [
  ...alloyRuns,
  ...components
    .filter((component) => !silent.includes(component))
    .map((component) => ({ series: counted("sent", component), values: `0+1x${10 * hour}` })),
];

/** It sends for half an hour, and then nothing. */
const stops = (component: string): Series => ({
  series: counted("sent", component),
  values: `0+1x30 30x${9 * hour}`,
});

const words = "`npm run verify -- %` names the broken link, and `journalctl -u alloy` has Alloy's own words.";
const since = "None for three intervals of 1m 0s";

function firing(
  service: string,
  component: string,
  summary: string,
  description: string,
  reason?: string,
): Firing {
  const kind = component.includes("_HEAP_") ? "heap" : "cpu";
  return {
    labels: {
      service_name: service,
      kind,
      component_id: `pyroscope.write.${component}`,
      ...(reason === undefined ? {} : { reason }),
    },
    severity: "critical",
    summary: `No ${kind} profile of ${service} (production)${summary}`,
    description: `${since}${description} ${words.replace("%", service)}`,
  };
}

const missing = (service: string, component: string): Firing =>
  firing(
    ...([service, component, ""] as const),
    ", and Alloy counts neither a refusal of the service nor one of Pyroscope: it does not ask, or waits for the answer.",
  );
const refusal = (service: string, component: string, reason: string): Firing =>
  firing(
    ...([service, component, `: ${reason}`] as const),
    ". The service does not run, or does not answer with a profile.",
    reason,
  );
const notDelivered = (service: string, component: string): Firing =>
  firing(
    ...([service, component, " arrives"] as const),
    ": the service answers, and Pyroscope does not take it.",
  );

const dotted = "production_CPU_c_dd";
const dashed = "production_CPU_e__f";

/** Staging's profiles go through production's Alloy. */
const staging: RulesArgs = {
  environment: "staging",
  owner: "production",
  jobs: [],
  services: ["x", "y"].map((name) => ({
    name,
    profiles: ["cpu"],
    interval: parseDuration("60s"),
    schedule: "always",
  })),
};
const ofStaging = (name: string): Series => ({
  series: counted("sent", `staging_CPU_${name}`),
  values: `0+1x${10 * hour}`,
});

/** One service that is profiled every hour. */
const hourly: RulesArgs = {
  ...owner,
  services: [{ name: "a", profiles: ["cpu"], interval: parseDuration("1h"), schedule: "always" }],
};

/** Silent services. */
export const profileCases: Case[] = [
  ["ProfilesMissing", "all send", "5h", others(), []],
  [
    ...(["ProfilesMissing", "one of six is silent, another kind of its own is not", "36m"] as const),
    [...others("production_HEAP_run"), stops("production_HEAP_run")],
    [missing("run", "production_HEAP_run")],
  ],
  [
    ...(["ProfilesMissing", "one is silent for less than three intervals and a minute", "33m"] as const),
    [...others(dotted), stops(dotted)],
    [],
  ],
  [
    ...(["ProfilesMissing", "it is back", "50m"] as const),
    [...others(dotted), { series: counted("sent", dotted), values: "0+1x30 30x10 31+1x60" }],
    [],
  ],
  [
    ...(["ProfilesMissing", "two whose names differ in one character never sent any", "10m"] as const),
    others(dotted, dashed),
    [missing("c.d", dotted), missing("e-f", dashed)],
  ],
  ["ProfilesMissing", "the rules are new", "3m", others(dotted), []],
  [
    ...(["ProfilesMissing", "Alloy has just started, for the second time", "25m"] as const),
    [
      { series: `up{${of("alloy")}}`, values: "1x600" },
      { series: `process_start_time_seconds{${of("alloy")}}`, values: "-86400x22 1380x600" },
    ],
    [],
  ],
  [
    ...(["ProfilesMissing", "Alloy does not run, which another alert tells", "2h"] as const),
    [
      { series: `up{${of("alloy")}}`, values: "1x40 0x600" },
      { series: `process_start_time_seconds{${of("alloy")}}`, values: "-86400x40" },
      ...components.map((component) => ({ series: counted("sent", component), values: "0+1x40" })),
    ],
    [],
  ],
  [
    ...(["ProfilesMissing", "one that is profiled every hour sends", "9h"] as const),
    [
      ...alloyRuns,
      {
        series: counted("sent", "production_CPU_a"),
        values: "0x59 1x59 2x59 3x59 4x59 5x59 6x59 7x59 8x59 9x59",
      },
    ],
    [],
    hourly,
  ],
  [
    ...(["ProfilesMissing", "another environment's, of which Alloy belongs to the owner", "36m"] as const),
    [...others(), ofStaging("y")],
    [
      {
        ...missing("x", "staging_CPU_x"),
        summary: "No cpu profile of x (staging)",
      },
    ],
    staging,
  ],
  [
    ...(["ProfilesRefused", "its profile is not found any more", "36m"] as const),
    [
      ...others(dotted),
      stops(dotted),
      { series: refused(dotted, "HTTP status (404)"), values: "_x30 1+1x30" },
    ],
    [refusal("c.d", dotted, "HTTP status (404)")],
  ],
  [
    ...(["ProfilesRefused", "another fails now and then, and sends", "50m"] as const),
    [...others(), { series: refused(dotted, "deadline exceeded"), values: "0+1x60" }],
    [],
  ],
  [
    ...(["ProfilesNotDelivered", "Pyroscope refuses the profiles of one", "36m"] as const),
    [...others(dashed), stops(dashed), { series: counted("dropped", dashed), values: "_x30 1+1x60" }],
    [notDelivered("e-f", dashed)],
  ],
  [
    ...(["ProfilesNotDelivered", "Pyroscope takes none of anybody", "60m"] as const),
    [
      ...alloyRuns,
      ...components.flatMap((component) => [
        stops(component),
        { series: counted("retries", component), values: "_x30 1+1x60" },
      ]),
    ],
    [],
  ],
  [
    ...(["AlloyDeliversNothing", "Pyroscope takes none of anybody", "60m"] as const),
    [
      ...alloyRuns,
      ...components.flatMap((component) => [
        stops(component),
        { series: counted("retries", component), values: "_x30 1+1x60" },
      ]),
    ],
    [
      {
        severity: "critical",
        summary: "Pyroscope takes no profiles from Alloy",
        description: "Not one for 10m, of any service: does Pyroscope answer? `npm run verify` tells.",
      },
    ],
  ],
  [
    ...(["AlloyDeliversNothing", "it takes those of one", "60m"] as const),
    [...others(), { series: counted("retries", dashed), values: "_x30 1+1x60" }],
    [],
  ],
  [
    ...(["ProfilesMissing", "Alloy tries, or is refused", "36m"] as const),
    [
      ...others(dotted, dashed),
      { series: counted("retries", dashed), values: "0+1x60" },
      { series: refused(dotted, "EOF"), values: "0+1x60" },
    ],
    [],
  ],
  [
    ...(["ProfilesDropped", "the first ever", "3m"] as const),
    [...others(), { series: counted("dropped", dashed), values: "_ _ 7x30" }],
    [
      {
        labels: {
          service_name: "e-f",
          kind: "cpu",
          component_id: `pyroscope.write.${dashed}`,
          endpoint: "http://p",
        },
        summary: "Alloy drops cpu profiles of e-f (production)",
        description: "7 in 15 minutes could not be delivered to http://p, after all retries; they are lost.",
      },
    ],
  ],
  [
    ...(["ProfilesDropped", "some long ago, or another's", "40m"] as const),
    [
      ...others(),
      { series: counted("dropped", dashed), values: "_ _ 7x60" },
      { series: counted("dropped", "staging_CPU_x"), values: "0+1x60" },
    ],
    [],
  ],
  [
    ...(["AlloyDropsProfiles", "those of a fragment, more and more", "30m"] as const),
    [{ series: counted("dropped", "platform"), values: "7+1x60" }],
    [
      {
        labels: { component_id: "pyroscope.write.platform", endpoint: "http://p" },
        summary: "Alloy drops profiles of pyroscope.write.platform",
        description: "15 in 15 minutes could not be delivered to http://p, after all retries; they are lost.",
      },
    ],
  ],
  [
    ...(["AlloyDropsProfiles", "those of a service, which has an alert of its own", "30m"] as const),
    [{ series: counted("dropped", dashed), values: "7+1x60" }],
    [],
  ],
  [
    ...(["ProfilesUnwatched", "somebody has taken the job away", "55m"] as const),
    [{ series: `up{${of("alloy")}}`, values: "1x40" }],
    [
      {
        labels: { job: "alloy" },
        summary: "Nobody watches the profiles of production",
        description:
          "Prometheus has no target alloy of production, so that no silent service is noticed: set prometheus in the stack of production.",
      },
    ],
  ],
  [
    "ProfilesUnwatched",
    "Alloy is down, and known to be",
    "50m",
    [{ series: `up{${of("alloy")}}`, values: "0x60" }],
    [],
  ],
];
