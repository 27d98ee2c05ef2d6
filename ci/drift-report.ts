import { createHash } from "node:crypto";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { IssueText } from "./issue";
import { folded, maximumLength, within } from "./markdown";
import type { DriftReport } from "./report";

/** How a preview begins to say that the host did not answer; the words are those of `detectDrift`. */
export const unseenWords = "detectDrift: the host could not be asked";

/**
 * What the events of a preview tell. Of an edited file the lines that differ are left out: an issue has more readers than the
 * host has, and the run's log has them.
 * @param failure why there was no preview, where there was none
 */
export function readDrift(stack: string, events: readonly EngineEvent[], failure?: string): DriftReport {
  const told = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent === undefined ? [] : [{ ...diagnosticEvent, words: plain(diagnosticEvent.message) }],
  );
  const differences = told
    .filter(({ severity, words }) => severity === "warning" && words.startsWith("On the host "))
    .map(({ words }) => words.split("\n")[0] ?? "");
  const unseen = told.filter(({ words }) => words.includes(unseenWords)).map(({ words }) => words);
  const errors = told.filter(({ severity }) => severity === "error").map(({ words }) => words);
  const changes = events.flatMap(({ resourcePreEvent }) => {
    const { op = "same", urn = "" } = resourcePreEvent?.metadata ?? {};
    return op === "same" || op === "read" ? [] : [`An up would ${op} ${urn.split("::").at(-1) ?? urn}.`];
  });
  const failed = failure === undefined ? [] : errors.length > 0 ? errors : [failure.trim()];
  const lines = [unseen, failed, differences, changes].flatMap((some) => [...new Set(some)].sort());
  const isUnseen = unseen.length + failed.length > 0;
  return { stack, state: isUnseen ? "unseen" : lines.length > 0 ? "drift" : "same", lines };
}

/** Without the marks for colours. */
function plain(message: string): string {
  return message.replace(/<\{%.*?%\}>/g, "").trim();
}

/** What the body of a stack's issue begins with. */
export function driftMarker(stack: string): string {
  return `<!-- soar-profiling: drift of ${stack} `;
}

/** Whether the body of an issue tells of this report. */
export function tells(body: string, report: DriftReport): boolean {
  return body.startsWith(firstLine(report));
}

function firstLine({ stack, state, lines }: DriftReport): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([state, lines]))
    .digest("hex");
  return `${driftMarker(stack)}${digest} -->`;
}

/** The issue of a stack; undefined where nothing differs. */
export function renderDrift(report: DriftReport, runUrl: string): IssueText | undefined {
  const { stack, state, lines } = report;
  if (state === "same") return undefined;
  const [title, meaning] =
    state === "drift"
      ? [
          `Drift: ${stack} is not as it was deployed`,
          "This is what differs. An `up` puts back what was changed on the host by hand; what is to stay belongs into the settings.",
        ]
      : [
          `Drift: ${stack} cannot be looked at`,
          "So it is not known whether it is as it was deployed. This is the reason, and what was found all the same.",
        ];
  const head =
    `${firstLine(report)}\n${meaning} The lines that differ are in [the run](${runUrl}) that found it first. ` +
    "This issue is edited when something else is found, and closed once nothing differs.\n";
  return { title, body: within(maximumLength, head, [folded(`<b>${stack}</b>`, lines.join("\n"), true)]) };
}
