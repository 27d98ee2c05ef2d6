import { diskEstimateOf } from "../../config/rules";
import { type Duration, readableSize } from "../../config/units";
import { broken, type Link, ok, unknown } from "./chain";
import { check, type Check, type PyroscopeFacts } from "./checks";
import type { HostFacts } from "./host-facts";
import { isLocal, type VerifyTarget } from "./target";
import { age } from "./words";

const day = 86_400;
/** Blocks are stored once an hour: of fewer hours nothing can be said. */
const least = 6 * 3_600;

/** What is stored, and how fast it grows. */
export interface Stored {
  /** All that profiles take, in bytes; more than `all`, by what is not stored for good yet. */
  disk: number;
  all: number;
  /** What came in the last `seconds`. */
  grown: number;
  seconds: number;
}

/** What is to become of it. */
export interface Budget {
  bytes: number;
  retention: Duration;
}

/**
 * Whether the profiles take no more than they may, now and when they have been kept for the whole retention; what was estimated
 * is shown beside it.
 */
export function judgeDisk(
  target: VerifyTarget,
  { disk, stored }: HostFacts,
  { oldest }: PyroscopeFacts,
  now: number,
): Check[] {
  const { pyroscope, platform } = target.settings;
  if (!isLocal(target) || platform.kind !== "own" || pyroscope.kind !== "local") return [];
  if (disk === undefined) return [check("disk", unknown("the host does not say what the profiles take"))];
  const { bytes: estimate } = diskEstimateOf(target.whole ?? target.settings, pyroscope);
  const { diskBudget, retention } = pyroscope;
  const seen = `profiles take ${readableSize(disk)}, of ${readableSize(diskBudget)} that they may; ${readableSize(estimate)} is the estimate`;
  if (disk > diskBudget)
    return [check("disk", broken(seen, "raise pyroscope.diskBudget, or shorten pyroscope.retention"))];
  const seconds = Math.min(day, oldest === undefined ? 0 : (now - oldest) / 1000);
  const isForecast = stored !== undefined && seconds >= least && pyroscope.storage === undefined;
  if (!isForecast) return [check("disk", ok(seen))];
  return [check("disk", forecast(seen, { disk, ...stored, seconds }, { bytes: diskBudget, retention }))];
}

/** What becomes of the disk, as in the last day. */
export function forecast(
  seen: string,
  { disk, all, grown, seconds }: Stored,
  { bytes, retention }: Budget,
): Link {
  const perSecond = grown / seconds;
  const passing = disk - all;
  const end = passing + perSecond * retention;
  const grows = `${seen}; they grow by ${readableSize(perSecond * day)} a day`;
  if (end <= bytes) return ok(`${grows}, which is ${readableSize(end)} in the end`);
  const until = (bytes - disk) / perSecond;
  const fits = Math.floor((bytes - passing) / perSecond / 3_600);
  const fitting = fits >= 48 ? `${Math.floor(fits / 24)}d` : `${Math.max(1, fits)}h`;
  return broken(
    `${grows}, which is ${readableSize(end)} in the end: the budget is used up in ${age(until)}`,
    `set pyroscope.retention to ${fitting}, which would fit, or raise pyroscope.diskBudget`,
  );
}
