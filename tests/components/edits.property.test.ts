import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edited, job, jobs, rules, run, sites } from "./edit-lines";

describe("whatever a file is", () => {
  const keys = [
    "rule_files",
    "scrape_config_files",
    "scrape_configs",
    "global",
    '"rule_files"',
    "rule_files_x",
  ];
  const line = fc.oneof(
    fc.constantFrom(...keys).map((key) => `${key}:`),
    fc.constantFrom(
      "rule_files: [a, b]",
      "rule_files: []",
      "scrape_config_files: [ x ] # y",
      "rule_files: [",
      "]",
    ),
    fc.constantFrom(
      "- a",
      "  - b",
      "  - {c: d}",
      "    - e: f",
      "  g: h",
      "# i",
      "  # - j",
      "",
      "---",
      "...",
      "{}",
      "\t",
      "- k # soar-profiling",
    ),
    fc
      .string({ unit: "binary", maxLength: 8 })
      .map((text) => Buffer.from(text).toString("latin1").replaceAll("\n", "")),
  );
  const text = fc
    .tuple(fc.array(line, { maxLength: 9 }), fc.constantFrom("\n", "\n", "\r\n"), fc.boolean(), fc.boolean())
    .map(([lines, end, last, mark]) => (mark ? "\xEF\xBB\xBF" : "") + lines.join(end) + (last ? end : ""));

  it("an edit is refused, or taken out again to the byte, and is there once however often it is made", () => {
    fc.assert(
      fc.property(text, fc.subarray([jobs, rules, job, sites], { minLength: 1 }), (before, edits) => {
        const { text: after, refusal } = run(before, ...edits.map((edit) => `add ${edit}`));
        if (refusal !== "") return;
        expect(edited(after, ...edits.map((edit) => `add ${edit}`))).toBe(after);
        expect(edited(after, ...edits.map((edit) => `remove ${edit}`))).toBe(before);
      }),
      { numRuns: 120 },
    );
  }, 60_000);
});
