import { written, type Case } from "./series";

const silence =
  "None for 10 minutes, although Alloy tries. From Alloy 1.13 on the lines of the journal wait in its memory: a restart of " +
  "Alloy now loses up to 10 MiB of them. What comes by OTLP waits five minutes.";

/** Lines on their way to Loki. */
export const logCases: Case[] = [
  [
    ...(["LogsDropped", "each way and reason", "5m"] as const),
    [
      { series: written("dropped_entries", "production", "ingester_error"), values: "0 12x10" },
      { series: written("dropped_entries", "production_LOGS", "rate_limited"), values: "_ 3x10" },
    ],
    [
      ["production", "ingester_error", "12"],
      ["production_LOGS", "rate_limited", "3"],
    ].map(([component, reason = "", lines = ""]) => ({
      labels: { component_id: `loki.write.${String(component)}`, reason },
      summary: `Alloy drops log lines of production: ${reason}`,
      description: `${lines} lines in 15 minutes were not taken by Loki, and are lost to it. \`journalctl -u alloy\` has Loki's own words.`,
    })),
  ],
  [
    ...(["LogsDropped", "none, none any more, or another's", "30m"] as const),
    [
      { series: written("dropped_entries", "production", "rate_limited"), values: "0x60" },
      { series: written("dropped_entries", "production_LOGS", "rate_limited"), values: "0 12x60" },
      { series: written("dropped_entries", "staging", "rate_limited"), values: "0+1x60" },
      { series: written("dropped_entries", "production_eu_LOGS", "rate_limited"), values: "0+1x60" },
    ],
    [],
  ],
  [
    ...(["LogsNotDelivered", "one way, and the other is quiet", "20m"] as const),
    [
      { series: written("batch_retries", "production"), values: "0+2x60" },
      { series: written("sent_entries", "production"), values: "7x60" },
      { series: written("batch_retries", "production_LOGS"), values: "0x60" },
      { series: written("sent_entries", "production_LOGS"), values: "7x60" },
    ],
    [
      {
        labels: { component_id: "loki.write.production" },
        summary: "Loki takes no log lines of production",
        description: silence,
      },
    ],
  ],
  [
    ...(["LogsNotDelivered", "some are taken, or it is another's", "20m"] as const),
    [
      { series: written("batch_retries", "production"), values: "0+2x60" },
      { series: written("sent_entries", "production"), values: "7+1x60" },
      { series: written("batch_retries", "staging"), values: "0+2x60" },
    ],
    [],
  ],
];
