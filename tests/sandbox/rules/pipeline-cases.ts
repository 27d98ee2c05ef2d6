import { discarded, of, type Case } from "./series";

/** Targets, Alloy, and what Pyroscope discards. */
export const pipelineCases: Case[] = [
  [
    ...(["ProfilingTargetDown", "a target of ours does not answer for 2 minutes", "4m"] as const),
    [{ series: `up{${of("soar.run")}}`, values: "1 0x10" }],
    [
      {
        labels: { job: "soar.run", instance: "127.0.0.1:1" },
        severity: "critical",
        summary: "soar.run (production) does not answer Prometheus",
        description: "No metrics from 127.0.0.1:1 for 2 minutes.",
      },
    ],
  ],
  [
    ...(["ProfilingTargetDown", "not yet, or another's", "2m"] as const),
    [
      { series: `up{${of("alloy")}}`, values: "1 1 0x10" },
      { series: `up{${of("soarXrun")}}`, values: "0x10" },
      { series: 'up{environment="staging",job="alloy"}', values: "0x10" },
    ],
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
