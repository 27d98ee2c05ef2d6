import type { PreviewReport } from "./report";

/** Marks the comment as ours; what is read does not show it. */
export const marker = "<!-- soar-profiling: pulumi preview -->";

/** What GitHub takes as the body of a comment, in characters. */
export const maximumLength = 65_536;

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
  const around =
    head.length + sections.reduce((sum, { before, after }) => sum + before.length + after.length, 0);
  const budgets = share(
    maximumLength - around,
    sections.map(({ text }) => text.length),
  );
  return (
    head + sections.map(({ before, text, after }, i) => before + cut(text, budgets[i] ?? 0) + after).join("")
  );
}

/** One stack's part; only `text` may be cut. */
interface Section {
  before: string;
  text: string;
  after: string;
}

function section(stack: string, report: PreviewReport | undefined): Section {
  if (report === undefined) {
    return { before: `\n**${stack}**: no preview was made, see the run\n`, text: "", after: "" };
  }
  // No fence may take the room of the text.
  const text = report.text.replace(/`{50,}/g, `${"`".repeat(49)}…`).replace(/\n*$/, "\n");
  const fence = fenceFor(text);
  const open = report.failed ? " open" : "";
  return {
    before: `\n<details${open}><summary><b>${stack}</b>: ${report.summary}</summary>\n\n${fence}text\n`,
    text,
    after: `${fence}\n\n</details>\n`,
  };
}

/** A fence that no line of the text ends: longer than every run of backticks in it. */
function fenceFor(text: string): string {
  let fence = "```";
  while (text.includes(fence)) fence += "`";
  return fence;
}

/** Divides a length among texts: what the short ones leave goes to the long ones. */
function share(total: number, wanted: readonly number[]): number[] {
  const granted = wanted.map(() => 0);
  let left = total;
  const byLength = wanted.map((length, index) => ({ length, index })).sort((a, b) => a.length - b.length);
  byLength.forEach(({ length, index }, done) => {
    granted[index] = Math.min(length, Math.floor(left / (wanted.length - done)));
    left -= granted[index];
  });
  return granted;
}

/** Leaves out lines from the middle: the beginning tells what changes, the end has the totals and the errors. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const note = "\n... cut to the length that GitHub takes; the run has all of it ...\n\n";
  const room = length - note.length;
  const tail = Math.floor(room / 4);
  const beginning = text.slice(0, room - tail);
  const end = text.slice(-tail);
  return wholeLines(beginning, /\n[^\n]*$/, "\n") + note + wholeLines(end, /^[^\n]*\n/, "");
}

/** Drops the part of a line at a cut, unless that is most of it; half a character goes in any case. */
function wholeLines(cutOff: string, partialLine: RegExp, replacement: string): string {
  const part = cutOff.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/, "");
  const whole = part.replace(partialLine, replacement);
  return whole.length > part.length / 2 ? whole : part;
}
