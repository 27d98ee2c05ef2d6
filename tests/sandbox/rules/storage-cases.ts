import {
  GiB,
  cleanup,
  compacted2,
  compaction,
  deleted2,
  filesystem,
  flushed,
  guarded,
  received2,
  second,
  size,
  started,
  type Case,
} from "./series";

/** Compaction, clean-up and the disk. */
export const storageCases: Case[] = [
  [
    ...(["PyroscopeCompactionStalled", "the last was 4 hours ago", "5h"] as const),
    [{ series: compaction, values: "3600x600" }, started],
    [
      {
        labels: { job: "pyroscope", instance: "127.0.0.1:1" },
        summary: "Pyroscope does not compact",
        description: "The last compaction was 4h 0m 0s ago: queries get slower and blocks pile up.",
      },
    ],
  ],
  [
    ...(["PyroscopeCompactionStalled", "Pyroscope has just started", "5h"] as const),
    [
      { series: compaction, values: "0x600" },
      { ...started, values: "14400x600" },
    ],
    [],
  ],
  [
    ...(["PyroscopeCompactionStalled", "it compacts every half hour", "5h"] as const),
    [{ series: compaction, values: "0+60x600" }, started],
    [],
  ],
  [
    ...(["PyroscopeCleanupStalled", "never any", "4h"] as const),
    [{ series: cleanup, values: "0x600" }, started],
    [
      {
        labels: { job: "pyroscope", instance: "127.0.0.1:1" },
        summary: "Pyroscope does not delete old profiles",
        description: "The last cleanup was 4h 0m 0s ago: what is older than the retention stays on the disk.",
      },
    ],
  ],
  [
    ...(["PyroscopeCleanupStalled", "it cleans up", "5h"] as const),
    [{ series: cleanup, values: "0+60x600" }, started],
    [],
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: every job fails", "5h"] as const),
    [
      { series: received2, values: "0+4x600" },
      { series: compacted2("success"), values: "7x600" },
      { series: compacted2("failure"), values: "0+3x600" },
      started,
    ],
    [
      {
        summary: "Pyroscope does not compact",
        description:
          "720 profiles came in 3 hours, and no compaction succeeded: queries get slower and blocks pile up.",
      },
    ],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: it never did", "5h"] as const),
    [{ series: received2, values: "0+4x600" }, started],
    [
      {
        summary: "Pyroscope does not compact",
        description:
          "720 profiles came in 3 hours, and no compaction succeeded: queries get slower and blocks pile up.",
      },
    ],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: it compacts, a profile an hour", "10h"] as const),
    [
      { series: received2, values: "0x59 1x59 2x59 3x59 4x59 5x59 6x59 7x59 8x59 9x59 10x59" },
      { series: compacted2("success"), values: "_ 0x59 1x59 2x59 3x59 4x59 5x59 6x59 7x59 8x59 9x59" },
      started,
    ],
    [],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: nothing comes in", "5h"] as const),
    [{ series: received2, values: "4x600" }, { series: compacted2("success"), values: "7x600" }, started],
    [],
    second,
  ],
  [
    ...(["PyroscopeCompactionStalled", "2.x: it has just started", "5h"] as const),
    [
      { series: received2, values: "0+4x600" },
      { ...started, values: "14400x600" },
    ],
    [],
    second,
  ],
  [
    ...(["PyroscopeCleanupStalled", "2.x: every deletion fails", "5h"] as const),
    [
      { series: compacted2("success"), values: "0+2x600" },
      { series: deleted2("failure"), values: "0+9x600" },
      started,
    ],
    [
      {
        summary: "Pyroscope does not delete old profiles",
        description:
          "360 compactions in 3 hours, and no block was deleted: what is older than the retention stays on the disk.",
      },
    ],
    second,
  ],
  [
    ...(["PyroscopeCleanupStalled", "2.x: it deletes", "5h"] as const),
    [
      { series: compacted2("success"), values: "0+2x600" },
      { series: deleted2("success"), values: "0+9x600" },
      started,
    ],
    [],
    second,
  ],
  [
    ...(["ProfilingDiskLow", "less is free than the guard and a fifth", "10m"] as const),
    [{ series: filesystem("avail", "/"), values: `${11 * GiB}x600` }, size],
    [
      {
        labels: { mountpoint: "/" },
        severity: "critical",
        summary: "The disk of the profiles is almost full",
        description: `11GiB are free on /. ${guarded}`,
      },
    ],
  ],
  [
    ...(["ProfilingDiskLow", "another file system is full than that of the profiles", "10m"] as const),
    [
      { series: filesystem("avail", "/"), values: "0x600" },
      { series: filesystem("avail", "/var/lib"), values: `${50 * GiB}x600` },
      { series: filesystem("avail", "/var/lib/docker"), values: "0x600" },
      { series: filesystem("avail", "/var"), values: "0x600" },
    ],
    [],
  ],
  [
    ...(["ProfilingDiskLow", "Pyroscope 2.x, which has no guard, has 4 %", "10m"] as const),
    [{ series: filesystem("avail", "/"), values: `${4 * GiB}x600` }, size],
    [
      {
        labels: { mountpoint: "/" },
        severity: "critical",
        summary: "The disk of the profiles is almost full",
        description: "4GiB are free on /. On a full disk Pyroscope takes no profiles.",
      },
    ],
    second,
  ],
  [
    ...(["ProfilingBudgetTooSmall", "2.1 GiB a day for 30 days, and 20 are allowed", "30h"] as const),
    [{ series: flushed, values: `0+${(2.1 * GiB) / 1440}x2400` }],
    [
      {
        summary: "The profiles outgrow their disk budget",
        description:
          "At what was stored in the last 24 hours, 20.0 GiB hold 8d 15h 34m 17s of profiles, and 30d are to be kept.",
      },
    ],
  ],
  [
    ...(["ProfilingBudgetTooSmall", "half a GiB a day", "30h"] as const),
    [{ series: flushed, values: `0+${GiB / 2 / 1440}x2400` }],
    [],
  ],
  [
    ...(["ProfilingBudgetTooSmall", "nothing is stored", "30h"] as const),
    [{ series: flushed, values: "0x2400" }],
    [],
  ],
  [
    ...(["ProfilingDiskFilling", "2 GiB an hour of 40", "9h"] as const),
    [{ series: filesystem("avail", "/"), values: `${40 * GiB}-${(2 * GiB) / 64}x600` }, size],
    [
      {
        labels: { mountpoint: "/" },
        summary: "The disk of the profiles fills up",
        description: `As in the last 6 hours, -21.88GiB would be free on / in a day. ${guarded}`,
      },
    ],
  ],
  [
    ...(["ProfilingDiskFilling", "as fast, on a disk that is more than half empty", "5h"] as const),
    [{ series: filesystem("avail", "/"), values: `${90 * GiB}-${(4 * GiB) / 64}x600` }, size],
    [],
  ],
  [
    ...(["ProfilingDiskFilling", "slowly", "9h"] as const),
    [{ series: filesystem("avail", "/"), values: `${40 * GiB}-${GiB / 64}x600` }, size],
    [],
  ],
];
