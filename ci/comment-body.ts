import { folded, maximumLength, type Section, within } from "./markdown";
import type { PreviewReport } from "./report";

/** Marks the comment as ours; what is read does not show it. */
export const marker = "<!-- soar-profiling: pulumi preview -->";

/** Where a comment comes from. */
export interface CommentSource {
  /** The commit that was previewed. */
  commit: string;
  /** The address of the workflow's run, which has all that was printed. */
  runUrl: string;
}

/** The comment on all stacks, in their order; undefined stands for a stack whose preview never ran. */
export function renderComment(
  reports: ReadonlyMap<string, PreviewReport | undefined>,
  { commit, runUrl }: CommentSource,
): string {
  const head = `${marker}\n### Pulumi preview of ${commit.slice(0, 7)}\n\n[Run](${runUrl})\n`;
  const sections = [...reports].map(([stack, report]) => section(stack, report));
  return within(maximumLength, head, sections);
}

function section(stack: string, report: PreviewReport | undefined): Section {
  if (report === undefined) {
    return { before: `\n**${stack}**: no preview was made, see the run\n`, text: "", after: "" };
  }
  return folded(`<b>${stack}</b>: ${report.summary}`, report.text, report.failed);
}
