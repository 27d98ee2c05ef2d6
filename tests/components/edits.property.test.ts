import * as path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { edited, job, jobs, rules, run, runWith, sites } from "./edit-lines";

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

/** Go's filepath.Match, without malformed patterns. */
function matches(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  const [first] = pattern;
  const rest = pattern.slice(1);
  if (first === "*") {
    return matches(rest, name) || (name !== "" && !name.startsWith("/") && matches(pattern, name.slice(1)));
  }
  if (name === "") return false;
  if (first === "?") return !name.startsWith("/") && matches(rest, name.slice(1));
  if (first !== "[") return name.startsWith(first ?? "") && matches(rest, name.slice(1));
  const [all, not, from, to] = /^\[(\^?)(.)-(.)\]/.exec(pattern) ?? [];
  const [letter = ""] = name;
  const isIn = from !== undefined && to !== undefined && from <= letter && letter <= to;
  return letter !== "/" && isIn !== (not === "^") && matches(pattern.slice(all?.length), name.slice(1));
}

describe("whatever an operator's lists are", () => {
  const directory = "/etc/prometheus/rules";
  const word = fc.constantFrom("production", "staging", "soar", "p", "-", "-profiling", ".yml", "s");
  const part = fc.oneof(
    ...[word, word, fc.constantFrom("*", "*", "**", "?", "[a-p]", "[^a-p]", "{production,staging}")],
  );
  const pattern = fc
    .tuple(
      fc.constantFrom(`${directory}/`, "rules/", "./rules/", "../prometheus/rules/", "./", "/etc/*/rules/"),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join("")),
      fc.constantFrom("", ".yml", "*.yml"),
    )
    .map((parts) => parts.join(""));
  const quoted = fc.tuple(pattern, fc.constantFrom("plain", '"', "'")).map(([text, quote]) => {
    if (quote !== "plain") return `${quote}${text}${quote}`;
    return text;
  });
  const item = fc.oneof(
    { weight: 8, arbitrary: quoted },
    {
      weight: 1,
      arbitrary: quoted.chain((text) =>
        fc.constantFrom(`&a ${text}`, `!!str ${text}`, `- ${text}`, `|\n      ${text}`, `>-\n      ${text}`),
      ),
    },
  );
  const comment = fc.constantFrom("", "", " # mine", "  # - rules/*.yml");
  const list = fc.oneof(
    fc
      .tuple(fc.array(fc.tuple(item, comment), { minLength: 1, maxLength: 4 }), fc.constantFrom("", "  "))
      .map(
        ([items, space]) =>
          `rule_files:\n${items
            .map(([text, after]) =>
              text.includes("\n") ? `${space}- ${text}\n` : `${space}- ${text}${after}\n`,
            )
            .join("")}`,
      ),
    fc
      .tuple(fc.array(pattern.map((text) => `'${text}'`)), fc.constantFrom(", ", ",", " , "), comment)
      .map(([items, between, after]) => `rule_files: [${items.join(between)}]${after}\n`),
  );
  const name = fc
    .tuple(fc.constantFrom("production", "staging", "soar", "p", "s-1"), fc.constant("-profiling.yml"))
    .map((parts) => `${directory}/${parts.join("")}`);
  const read = (text: string): unknown[] => (parse(text) as { rule_files: unknown[] }).rule_files;
  const resolved = (value: unknown): string =>
    typeof value === "string" ? path.resolve("/etc/prometheus", value.trimEnd()) : "";

  it("all of our files are read after an edit, and all that was read before; our line is there when it is needed", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.constantFrom("", "global:\n  a: 1\n"), list, fc.constantFrom("", "x: [y]\n")),
        fc.uniqueArray(name, { minLength: 1 }),
        (texts, names) => {
          const before = texts.join("");
          const { text: after, refusal } = runWith(names, before, `add ${rules}`);
          expect(refusal).toBe("");
          const ours = `${directory}/*-profiling.yml`;
          const theirs = read(before);
          if (after !== before) expect(read(after)).toEqual([ours, ...theirs]);
          const covers = (value: unknown): boolean =>
            names.every((one) => matches(resolved(value), one)) || resolved(value) === ours;
          // Left out only where one of theirs does it; added in vain only for what no parser of lines can tell.
          if (after === before) expect(theirs.some(covers)).toBe(true);
          else if (!/[&!|>]/.test(before)) expect(theirs.some(covers)).toBe(false);
          expect(runWith(names, after, `remove ${rules}`).text).toBe(before);
        },
      ),
      { numRuns: 250 },
    );
  }, 60_000);
});
