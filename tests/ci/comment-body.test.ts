import { describe, expect, it } from "vitest";
import { renderComment } from "../../ci/comment-body";
import { maximumLength } from "../../ci/markdown";
import { summarize, type PreviewReport } from "../../ci/report";

const source = { commit: "0123456789abcdef", runUrl: "https://github.com/o/r/actions/runs/1" };

function report(text: string, changes: Partial<PreviewReport> = {}): PreviewReport {
  return { stack: "prod", failed: false, summary: "1 to update", text, ...changes };
}

function render(...reports: PreviewReport[]): string {
  return renderComment(new Map(reports.map((one) => [one.stack, one])), source);
}

/** What stands in the fences of a comment, by the rules of CommonMark. */
function fenced(comment: string): string[] {
  const contents: string[] = [];
  let fence: string | undefined;
  for (const line of comment.split("\n")) {
    const ticks = /^ {0,3}(`{3,})([^`]*)$/.exec(line);
    if (fence === undefined) {
      if (ticks === null) continue;
      fence = ticks[1] ?? "";
      contents.push("");
    } else if (ticks !== null && (ticks[1] ?? "").length >= fence.length && ticks[2]?.trim() === "") {
      fence = undefined;
    } else contents.push(`${contents.pop() ?? ""}${line}\n`);
  }
  expect(fence).toBeUndefined();
  return contents;
}

describe("renderComment", () => {
  it("shows each stack in order; a failed one is open, one without a report is named", () => {
    const reports = new Map([
      ["prod", report("Previewing update (prod):\n\n")],
      ["staging", report("error: no\n", { stack: "staging", failed: true, summary: "failed" })],
      ["third", undefined],
    ]);
    expect(renderComment(reports, source)).toBe(`<!-- soar-profiling: pulumi preview -->
### Pulumi preview of 0123456

[Run](https://github.com/o/r/actions/runs/1)

<details><summary><b>prod</b>: 1 to update</summary>

\`\`\`text
Previewing update (prod):
\`\`\`

</details>

<details open><summary><b>staging</b>: failed</summary>

\`\`\`text
error: no
\`\`\`

</details>

**third**: no preview was made, see the run
`);
  });

  it.each([
    "```\n</details> @everyone\n",
    "   ````\n<script>\n",
    "`".repeat(49) + "\n# heading\n",
    "~~~\n",
    "\n",
    "",
  ])("keeps %j within the fence", (text) => {
    expect(fenced(render(report(text)))).toEqual([text.replace(/\n*$/, "\n")]);
  });

  it("cuts the middle of a long text, at whole lines, and keeps its end", () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} of the diff`);
    const comment = render(report([...lines, "Resources:", "    ~ 1 to update"].join("\n")));
    expect(comment.length).toBeLessThanOrEqual(maximumLength);
    expect(comment.length).toBeGreaterThan(maximumLength - 100);
    const [text = ""] = fenced(comment);
    const [start = "", end = ""] = text.split(
      "\n... cut to the length that GitHub takes; the run has all of it ...\n\n",
    );
    expect(start.trimEnd().split("\n")).toEqual(lines.slice(0, start.trimEnd().split("\n").length));
    expect(end).toMatch(/^line \d+ of the diff\n/);
    expect(end).toMatch(/Resources:\n {4}~ 1 to update\n$/);
  });

  it("takes a long text's room from the long one only", () => {
    const short = "short\n".repeat(1000);
    const long = report("long line\n".repeat(50_000), { stack: "staging" });
    const comment = render(report(short), long);
    expect(comment.length).toBeLessThanOrEqual(maximumLength);
    expect(fenced(comment)[0]).toBe(short);
  });

  it("cuts one endless line, and halves no character", () => {
    for (const padding of ["", "x", "xx", "xxx"]) {
      const comment = render(report(padding + "😀".repeat(50_000)));
      expect(comment.length).toBeLessThanOrEqual(maximumLength);
      // Half a character does not survive the way through UTF-8.
      expect(Buffer.from(comment).toString()).toBe(comment);
      expect(fenced(comment).length).toBe(1);
    }
  });

  it("stays within the limit when the texts are nothing but long fences", () => {
    const comment = render(report("`".repeat(200_000)), report("`".repeat(200_000), { stack: "staging" }));
    expect(comment.length).toBeLessThanOrEqual(maximumLength);
    expect(fenced(comment).length).toBe(2);
  });
});

describe("summarize", () => {
  it.each([
    [{ same: 20, update: 1, read: 1 }, "1 to update"],
    [{ create: 3, same: 1, delete: 2 }, "3 to create, 2 to delete"],
    [{ same: 20, create: 0 }, "no changes"],
    [{}, "no changes"],
  ])("%j is %j", (changes, words) => {
    expect(summarize(changes)).toBe(words);
  });
});
