import { type Duration, parseDuration, type Size } from "./units";
import { holds } from "./versions";

/** What a service sends, as far as storage is concerned. */
export interface ProfiledService {
  readonly profiles: readonly string[];
  readonly interval: Duration;
}

/** What the estimate assumes. Measured on synthetic load; raise them where the stored data shows more. */
export interface StorageModel {
  /** Bytes that one profile of one type takes once stored. @default 4700, the upper end of 0.5 to 4.7 kB */
  readonly profileBytes: number;
  /** Bytes of symbols (function names, files) in each hourly block. @default 500000 */
  readonly symbolBytes: number;
  /** Copies on the disk. @default 2 for Pyroscope 1.x, which keeps blocks locally and in its store for hours; 1 for 2.x */
  readonly copies: number;
}

export interface StorageEstimate {
  /** Bytes written for a day of profiles, one copy. */
  readonly bytesPerDay: number;
  /** Bytes on the disk once the retention is reached, all copies. */
  readonly bytes: Size;
}

/**
 * How much longer than the retention the oldest profiles are on the disk. 1.x deletes blocks of up to eight hours as a whole, twelve
 * hours after the last of their profiles is too old; 2.x needs some hours less.
 */
export const deletedLater = parseDuration("21h");

/** The model for a version of Pyroscope. */
export function storageModel(version: string): StorageModel {
  return { profileBytes: 4_700, symbolBytes: 500_000, copies: holds("ownStorage", version) ? 1 : 2 };
}

/** Estimates the disk that Pyroscope takes: 24 blocks of symbols a day, and every profile of every service. */
export function estimateStorage(
  services: readonly ProfiledService[],
  retention: Duration,
  model: StorageModel,
): StorageEstimate {
  const day = 86_400;
  let profilesPerDay = 0;
  for (const { profiles, interval } of services) profilesPerDay += (day / interval) * profiles.length;
  const bytesPerDay = Math.ceil(24 * model.symbolBytes + profilesPerDay * model.profileBytes);
  const bytes = Math.ceil((bytesPerDay * retention * model.copies) / day);
  return { bytesPerDay, bytes: bytes as Size };
}
