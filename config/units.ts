declare const unit: unique symbol;

/** A length of time in whole seconds, more than none. Made by `parseDuration` only. */
export type Duration = number & { readonly [unit]: "seconds" };

/** An amount of storage in whole bytes, more than none. Made by `parseSize` only. */
export type Size = number & { readonly [unit]: "bytes" };

/** The text is no duration or size that the type can hold; the message says which form is expected. */
export class UnitError extends Error {
  override name = "UnitError";
}

const durationUnits = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
const sizeUnits = { TiB: 2 ** 40, GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10, B: 1 } as const;

/** 100,000 days: what Go's `time.Duration` holds, with room for the hour that query limits add. */
const longest = 100_000 * durationUnits.d;

/** What a duration looks like, for messages. */
export const durationForm =
  'a duration such as "15s", "1h30m" or "30d" (units d, h, m, s; whole numbers; not zero)';

/** What a size looks like, for messages. */
export const sizeForm =
  'a size such as "20GiB" or "512MiB" (units TiB, GiB, MiB, KiB, B; a whole number; not zero)';

const durationPattern = /^(?:([1-9]\d*)d)?(?:([1-9]\d*)h)?(?:([1-9]\d*)m)?(?:([1-9]\d*)s)?$/;
const sizePattern = /^([1-9]\d*)(TiB|GiB|MiB|KiB|B)$/;

/**
 * Reads a duration such as `30d`, `15s` or `1h30m`: whole numbers of d, h, m and s, the larger unit first, nothing between.
 * @throws UnitError for anything else, for none ("0s") and for more than 100,000 days.
 */
export function parseDuration(text: string): Duration {
  const match = durationPattern.exec(text);
  if (match === null || text === "") {
    throw new UnitError(`must be ${durationForm}`);
  }
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  const total = Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  if (total > longest) throw new UnitError("must be at most 100000d");
  return total as Duration;
}

/** The shortest text that `parseDuration` reads as the same duration: 5400 seconds are `1h30m`. */
export function formatDuration(duration: Duration): string {
  let rest: number = duration;
  let text = "";
  for (const [name, seconds] of Object.entries(durationUnits)) {
    const count = Math.floor(rest / seconds);
    if (count > 0) text += `${count}${name}`;
    rest -= count * seconds;
  }
  return text;
}

/** A duration as Go's `time.ParseDuration` reads it, in one unit: `720h`, or `60s` where it is no whole hours. */
export function goDuration(duration: Duration): string {
  return duration % durationUnits.h === 0 ? `${duration / durationUnits.h}h` : `${duration}s`;
}

/** Two durations, one after the other. */
export function addDurations(a: Duration, b: Duration): Duration {
  return (a + b) as Duration;
}

/**
 * Reads a size such as `20GiB`: one whole number and one of TiB, GiB, MiB, KiB, B.
 * @throws UnitError for anything else, decimal units ("20GB") among it, for none and for more than 2^53 bytes.
 */
export function parseSize(text: string): Size {
  const match = sizePattern.exec(text);
  if (match === null) {
    throw new UnitError(`must be ${sizeForm}`);
  }
  const bytes = Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits];
  if (!Number.isSafeInteger(bytes)) throw new UnitError("must be at most 8191TiB");
  return bytes as Size;
}

/** The text with the largest unit that `parseSize` reads as the same size: 1536 MiB stay `1536MiB`. */
export function formatSize(size: Size): string {
  for (const [name, bytes] of Object.entries(sizeUnits)) {
    if (size % bytes === 0) return `${size / bytes}${name}`;
  }
  return `${size}B`;
}

/** An amount of bytes for a person. */
export function readableSize(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return `${(count / 2 ** (10 * step)).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ""}`;
}
