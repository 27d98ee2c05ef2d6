/** The alerts of an environment, in their order. */
export const environmentAlerts = [
  "ProfilingTargetDown",
  "ProfilesRefused",
  "ProfilesNotDelivered",
  "ProfilesMissing",
  "ProfilesDropped",
  "ProfilesUnwatched",
];

/** Those that an environment with logs has after them. */
export const logAlerts = ["LogsDropped", "LogsNotDelivered"];

/** Those that the owner of the platform has beside them, with Pyroscope 1.x on its host. */
export const platformAlerts = [
  "AlloyDeliversNothing",
  "AlloyDropsProfiles",
  "PyroscopeDiscardsSamples",
  "PyroscopeCompactionStalled",
  "PyroscopeCleanupStalled",
  "ProfilingBudgetTooSmall",
  "ProfilingDiskLow",
  "ProfilingDiskFilling",
];
