import { expect, test } from "vitest";
import { forms } from "../../render/alloy/levels";
import { writtenLines } from "../sandbox/harness/log-lines";

/** What a line says, as the expressions find it: those of RE2 that we use mean the same here, but for a group's name. */
function found(line: string): string[] {
  const plain = line.replaceAll(/\u001b\[[\d;]*m/g, "");
  return Object.values(forms).flatMap((form) => {
    const match = new RegExp(form.replaceAll("(?P<", "(?<")).exec(plain);
    return match?.groups?.["level"] === undefined ? [] : [match.groups["level"]];
  });
}

// JSON is read by a stage of its own: tests/sandbox/log-levels.test.ts has all of it, by the real Alloy.
const lines = Object.entries(writtenLines).filter(([, [line]]) => !line.startsWith("{"));

test.each(lines)("%s: one form says the level, or none does", (_, [line, level]) => {
  const words = found(line);
  expect(words.length).toBeLessThan(2);
  const isPlain = words.length === 0 || words[0]?.toLowerCase() === "info";
  expect(isPlain).toBe(level === "info");
});
