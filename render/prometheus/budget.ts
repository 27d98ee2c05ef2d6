import type { Size } from "../../config/units";

/**
 * For how many seconds Pyroscope 1.x could keep profiles in that many bytes, at what it has stored in the last 24 hours. Blocks
 * count as they are when they are stored, once an hour: compaction makes them smaller, so that it is rather longer.
 * @param of the selector of Pyroscope's metrics
 */
export function fittingRetention(of: string, budget: Size): string {
  return `${budget} * 86400 / (sum(increase(pyroscope_head_flushed_block_size_bytes_sum${of}[1d])) > 0)`;
}
