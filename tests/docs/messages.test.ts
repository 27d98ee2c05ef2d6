import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { cellsUnder, documents, root } from "./documents";

/** Where messages for people are written. */
const folders = ["config", "components", "operations", "render", "sandbox"];

/** The sources, with texts that go over several lines put together, and without the escapes in them. */
const sources = folders
  .flatMap((folder) => filesIn(path.join(root, folder)))
  .map((file) => readFileSync(file, "utf8"))
  .join("\n")
  .replace(/["'`]\s*\+\s*["'`]/g, "")
  .replace(/"\s*\\\n\s*"/g, " ")
  .replace(/\\(["'`$])/g, "$1");

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile() && /\.(ts|cjs|sh|pl)$|\/[a-z-]+$/.test(file));
}

/**
 * The parts of a message that are the same each time: between words in capitals and numbers, which stand for others, and
 * what puts parts together.
 */
function literals(message: string): string[] {
  return message
    .split(/\b[A-Z]{2,}[A-Z0-9_]*\b|\b\d[\w.]*(?: s\b)?|\(SIZE bytes\)|-> |: |must be |, not /)
    .map((part) => part.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, ""))
    .filter((part) => part.length > 7);
}

const page = documents.find(({ file }) => file === "docs/troubleshooting.md");
const blocks = (page?.nodes ?? []).filter(({ type, lang }) => type === "code" && lang === "text");
const cells = page === undefined ? [] : [...cellsUnder(page, "message"), ...cellsUnder(page, "what it says")];
const quoted = cells.flatMap(({ children = [] }) => children.filter(({ type }) => type === "inlineCode"));
const messages = [...blocks, ...quoted].flatMap(({ value = "" }) => value.split("\n"));

it("quotes enough messages", () => {
  expect(messages.length).toBeGreaterThan(100);
});

it.each(messages)("is a message of this program: %s", (message) => {
  const parts = literals(message);
  expect(parts).not.toEqual([]);
  expect(parts.filter((part) => !sources.includes(part))).toEqual([]);
});
