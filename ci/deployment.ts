import { folded, within } from "./markdown";

/** What GitHub takes as the summary of a step: 1 MiB, with room for what is more than one byte a character. */
const maximumSummary = 400_000;

/** What became of a deploy. */
export interface Deployment {
  stack: string;
  /** The git reference that was deployed; none is an empty text. */
  gitRef: string;
  up: { failed: boolean; summary: string; text: string };
  /** Undefined where the `up` has failed before. */
  verify: { failed: boolean; text: string } | undefined;
}

const done: Readonly<Record<string, string>> = { create: "created", update: "updated", delete: "deleted" };

/** The count of resources by operation, such as `{ same: 20, update: 1 }`, in words. */
export function summarizeUp(changes: Readonly<Record<string, number>>): string {
  const counts = Object.entries(changes).filter(([operation, count]) => count > 0 && operation !== "same");
  return (
    counts.map(([operation, count]) => `${count} ${done[operation] ?? operation}`).join(", ") || "no changes"
  );
}

export function hasFailed({ up, verify }: Deployment): boolean {
  return up.failed || verify?.failed !== false;
}

/** The summary of the job, in Markdown. What failed is open. */
export function renderDeployment(deployment: Deployment): string {
  const { stack, gitRef, up, verify } = deployment;
  const at = gitRef === "" ? "" : ` at ${gitRef.slice(0, 40)}`;
  const head = `### Deploy of ${stack}${at}: ${hasFailed(deployment) ? "failed" : "done"}\n`;
  return within(maximumSummary, head, [
    folded(`<b>up</b>: ${up.summary}`, up.text, up.failed),
    verify === undefined
      ? { before: "\n**verify** was not run, because the up failed\n", text: "", after: "" }
      : folded(
          `<b>verify</b>: ${verify.failed ? "not all of it arrives" : "all of it arrives"}`,
          verify.text,
          true,
        ),
  ]);
}
