import { diskEstimateOf } from "../../config/rules";
import { deletedLater } from "../../config/storage-estimate";
import { type Duration, readableSize } from "../../config/units";
import { broken, type Link, ok, unknown } from "./chain";
import { check, type Check } from "./checks";
import type { HostFacts } from "./host-facts";
import { isLocal, type VerifyTarget } from "./target";
import { age } from "./words";

const day = 86_400;
/** Blocks are stored once an hour: of fewer hours nothing can be said. */
const least = 6 * 3_600;
/** What is named as a retention that would fit takes so much of the budget: growth is not the same each day. */
const reserved = 0.9;

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
export function judgeDisk(target: VerifyTarget, { disk, stored }: HostFacts): Check[] {
  const { pyroscope, platform } = target.settings;
  if (!isLocal(target) || platform.kind !== "own" || pyroscope.kind !== "local") return [];
  if (disk === undefined) return [check("disk", unknown("the host does not say what the profiles take"))];
  const { bytes: estimate } = diskEstimateOf(target.whole ?? target.settings, pyroscope);
  const { diskBudget, retention } = pyroscope;
  const seen = `profiles take ${readableSize(disk)}, of ${readableSize(diskBudget)} that they may; ${readableSize(estimate)} is the estimate`;
  if (stored !== undefined && stored.seconds >= least && pyroscope.storage === undefined)
    return [check("disk", forecast(seen, { disk, ...stored }, { bytes: diskBudget, retention }))];
  if (disk <= diskBudget) return [check("disk", ok(seen))];
  const shorter = pyroscope.storage === undefined ? ", or shorten pyroscope.retention" : "";
  return [check("disk", broken(seen, `raise pyroscope.diskBudget${shorter}`))];
}

/** What becomes of the disk, as in the last day. */
export function forecast(
  seen: string,
  { disk, all, grown, seconds }: Stored,
  { bytes, retention }: Budget,
): Link {
  const perSecond = grown / seconds;
  const passing = Math.max(0, disk - all);
  const end = passing + perSecond * (retention + deletedLater);
  const grows = `${seen}; they grow by ${readableSize(perSecond * day)} a day, which is ${readableSize(end)} in the end`;
  if (end > bytes) {
    const until = disk > bytes ? "already" : `in ${age((bytes - disk) / perSecond)}`;
    return broken(
      `${grows}: the budget is used up ${until}`,
      whatFits((reserved * bytes - passing) / perSecond),
    );
  }
  if (disk <= bytes) return ok(grows);
  return broken(
    grows,
    "raise pyroscope.diskBudget, or wait for a day: what is older than pyroscope.retention is deleted within that",
  );
}

/** @param seconds how long profiles may be on the disk */
function whatFits(seconds: number): string {
  const hours = Math.floor((seconds - deletedLater) / 3_600);
  if (hours < 1) return "raise pyroscope.diskBudget: no pyroscope.retention would fit";
  const fitting = hours >= 48 ? `${Math.floor(hours / 24)}d` : `${hours}h`;
  return `set pyroscope.retention to ${fitting}, which would fit, or raise pyroscope.diskBudget`;
}
