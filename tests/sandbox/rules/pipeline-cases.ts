import { discarded, dropped, of, owner, sent, type Case } from "./series";

/** Targets, Alloy, and what Pyroscope discards. */
export const pipelineCases: Case[] = [
  [
    ...(["ProfilingTargetDown", "a target of ours does not answer for 5 minutes", "7m"] as const),
    [{ series: `up{${of("soar.run")}}`, values: "1 0x10" }],
    [
      {
        labels: { job: "soar.run", instance: "127.0.0.1:1" },
        severity: "critical",
        summary: "soar.run (production) does not answer Prometheus",
        description: "No metrics from 127.0.0.1:1 for 5 minutes.",
      },
    ],
  ],
  [
    ...(["ProfilingTargetDown", "not yet, or another's", "5m"] as const),
    [
      { series: `up{${of("alloy")}}`, values: "1 1 0x10" },
      { series: `up{${of("soarXrun")}}`, values: "0x10" },
      { series: 'up{environment="staging",job="alloy"}', values: "0x10" },
    ],
    [],
  ],
  [
    ...(["AlloySendsNoProfiles", "it stopped", "40m"] as const),
    [{ series: sent, values: "0+5x20 100x40" }],
    [
      {
        severity: "critical",
        summary: "Alloy sends no profiles",
        description: "Not one in 10m 0s: do the services serve /debug/pprof/, does Pyroscope answer?",
      },
    ],
  ],
  [
    ...(["AlloySendsNoProfiles", "it never did", "6m"] as const),
    [],
    [
      {
        severity: "critical",
        summary: "Alloy sends no profiles",
        description: "Not one in 10m 0s: do the services serve /debug/pprof/, does Pyroscope answer?",
      },
    ],
  ],
  [
    ...(["AlloySendsNoProfiles", "it sends, to one of two places", "40m"] as const),
    [
      { series: sent, values: "0+1x60" },
      { series: sent.replace("//p", "//q"), values: "5x60" },
    ],
    [],
  ],
  [
    ...(["AlloySendsNoProfiles", "the services are profiled every hour", "4h"] as const),
    [{ series: sent, values: "0x59 1x59 2x59 3x59 4x59" }],
    [],
    { ...owner, platform: { ...owner.platform, longestInterval: 3600 } },
  ],
  [
    ...(["AlloyDropsProfiles", "the first ever", "3m"] as const),
    [{ series: dropped, values: "_ _ 7x30" }],
    [
      {
        labels: { endpoint: "http://p" },
        summary: "Alloy drops profiles",
        description: "7 in 15 minutes could not be delivered to http://p, after all retries; they are lost.",
      },
    ],
  ],
  [
    ...(["AlloyDropsProfiles", "more and more", "30m"] as const),
    [{ series: dropped, values: "7+1x60" }],
    [
      {
        labels: { endpoint: "http://p" },
        summary: "Alloy drops profiles",
        description: "15 in 15 minutes could not be delivered to http://p, after all retries; they are lost.",
      },
    ],
  ],
  [
    ...(["AlloyDropsProfiles", "some long ago", "40m"] as const),
    [{ series: dropped, values: "_ _ 7x60" }],
    [],
  ],
  [
    ...(["PyroscopeDiscardsSamples", "each reason", "5m"] as const),
    [
      { series: discarded("rate_limited"), values: "_ 12x10" },
      { series: discarded("missing_labels"), values: "_ 1x10" },
    ],
    ["12", "1"].map((value, index) => {
      const reason = ["rate_limited", "missing_labels"][index] ?? "";
      return {
        labels: { reason },
        summary: `Pyroscope discards samples: ${reason}`,
        description: `${value} in 15 minutes, because of ${reason}.`,
      };
    }),
  ],
  [
    ...(["PyroscopeDiscardsSamples", "none any more", "30m"] as const),
    [{ series: discarded("rate_limited"), values: "_ 12x60" }],
    [],
  ],
];
