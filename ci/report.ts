/** What `pulumi preview --diff` of one stack has to say in a pull request. */
export interface PreviewReport {
  stack: string;
  failed: boolean;
  /** Such as "3 to create, 1 to update", "no changes" or "failed". */
  summary: string;
  /** All that the engine printed, secrets masked by it. */
  text: string;
}

/** The name of a stack's report in the directory that the jobs hand on. */
export function reportFile(stack: string): string {
  return `${stack}.json`;
}

/** A preview's count of resources by operation, such as `{ same: 20, update: 1 }`, in words. */
export function summarize(changes: Readonly<Record<string, number>>): string {
  const counts = Object.entries(changes).filter(
    ([operation, count]) => count > 0 && operation !== "same" && operation !== "read",
  );
  return counts.map(([operation, count]) => `${count} to ${operation}`).join(", ") || "no changes";
}
