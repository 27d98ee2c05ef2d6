/** What GitHub takes as the body of a comment or an issue, in characters. */
export const maximumLength = 65_536;

/** A part of a text for GitHub, of which only `text` may be cut. */
export interface Section {
  before: string;
  text: string;
  after: string;
}

/** What a program printed, folded below a line of HTML. */
export function folded(summary: string, printed: string, isOpen: boolean): Section {
  // No fence may take the room of the text.
  const text = printed.replace(/`{50,}/g, `${"`".repeat(49)}…`).replace(/\n*$/, "\n");
  const fence = fenceFor(text);
  return {
    before: `\n<details${isOpen ? " open" : ""}><summary>${summary}</summary>\n\n${fence}text\n`,
    text,
    after: `${fence}\n\n</details>\n`,
  };
}

/** All of it, at most so many characters: what the short sections leave goes to the long ones. */
export function within(length: number, head: string, sections: readonly Section[]): string {
  const around = sections.reduce((sum, { before, after }) => sum + before.length + after.length, head.length);
  const budgets = share(
    length - around,
    sections.map(({ text }) => text.length),
  );
  return (
    head + sections.map(({ before, text, after }, i) => before + cut(text, budgets[i] ?? 0) + after).join("")
  );
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
