import { deletedLater } from "../../config/storage-estimate";
import type { Size } from "../../config/units";

/**
 * For how many seconds Pyroscope 1.x could keep profiles in that many bytes, at what it has stored in the last 24 hours; it deletes
 * them later than that. Blocks count as they are when they are stored, once an hour: compaction makes them smaller, so that it is
 * rather longer.
 * @param of the selector of Pyroscope's metrics
 */
export function fittingRetention(of: string, budget: Size): string {
  const stored = `sum(increase(pyroscope_head_flushed_block_size_bytes_sum${of}[1d])) > 0`;
  return `clamp_min(${budget} * 86400 / (${stored}) - ${deletedLater}, 0)`;
}
