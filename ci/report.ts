import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";

/** What `pulumi preview --diff` of one stack has to say in a pull request. */
export interface PreviewReport {
  stack: string;
  failed: boolean;
  /** Such as "3 to create, 1 to update", "no changes" or "failed". */
  summary: string;
  /** All that the engine printed, secrets masked by it. */
  text: string;
}

/** What a look at a stack and its host has found. */
export interface DriftReport {
  stack: string;
  /** `unseen`: the host, or the stack, could not be looked at, which does not say that nothing differs. */
  state: "same" | "drift" | "unseen";
  /** What there is to tell, a line each, the same for the same. */
  lines: string[];
}

/** The name of a stack's report in the directory that the jobs hand on. */
export function reportFile(stack: string): string {
  return `${stack}.json`;
}

/** Puts the report of a stack into the directory, which is made. */
export async function writeReport(directory: string, report: PreviewReport | DriftReport): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, reportFile(report.stack)), JSON.stringify(report));
}

/** Undefined when the job that makes it did not get that far. */
export async function readReport<T extends { stack: string }>(
  directory: string,
  stack: string,
): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path.join(directory, reportFile(stack)), "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A preview's count of resources by operation, such as `{ same: 20, update: 1 }`, in words. */
export function summarize(changes: Readonly<Record<string, number>>): string {
  const counts = Object.entries(changes).filter(
    ([operation, count]) => count > 0 && operation !== "same" && operation !== "read",
  );
  return counts.map(([operation, count]) => `${count} to ${operation}`).join(", ") || "no changes";
}
