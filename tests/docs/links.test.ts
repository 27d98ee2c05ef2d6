import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, type Document, documents, type Node, root } from "./documents";

const topLevel = readdirSync(root, { withFileTypes: true });
const folders = topLevel.filter((entry) => entry.isDirectory()).map(({ name }) => name);

function nodesOf({ nodes }: Document, ...types: string[]): Node[] {
  return nodes.filter(({ type }) => types.includes(type));
}

function shellBlocks(document: Document): Node[] {
  return nodesOf(document, "code").filter(({ lang }) => lang === "sh");
}

/** The words that a pattern finds in the commands of a page. */
function named(document: Document, pattern: RegExp): string[] {
  const commands = [...nodesOf(document, "inlineCode"), ...shellBlocks(document)];
  return commands.flatMap(({ value = "" }) => [...value.matchAll(pattern)].flatMap(([, word = ""]) => word));
}

/** Whether it is meant as a path in this repository; NAMES in capitals stand for others. */
function looksLikePath(text: string): boolean {
  if (!/^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(text) || /\.[A-Z]+\./.test(text)) return false;
  const [first = "", ...rest] = text.split("/");
  return rest.length > 0 ? folders.includes(first) : /\.(ts|mts|md|yaml)$/.test(text);
}

describe.each(documents.map((document) => [document.file, document] as const))("%s", (file, document) => {
  it("links to pages and headings that there are", () => {
    const links = nodesOf(document, "link", "image", "definition").map(({ url = "" }) => url);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [target = "", anchor] = link.split("#");
      const page = target === "" ? file : path.join(path.dirname(file), target);
      if (!existsSync(path.join(root, page))) return true;
      const linked = documents.find((other) => other.file === page);
      return anchor !== undefined && (linked === undefined || !anchorsOf(linked).has(anchor));
    });
    expect(broken).toEqual([]);
  });

  it("names files of the repository that there are", () => {
    const paths = nodesOf(document, "inlineCode").map(({ value = "" }) => value);
    expect(paths.filter((text) => looksLikePath(text) && !existsSync(path.join(root, text)))).toEqual([]);
  });

  it("names targets of the Makefile and scripts of package.json that there are", () => {
    const makefile = readFileSync(path.join(root, "Makefile"), "utf8");
    const targets = [...makefile.matchAll(/^([a-z][\w-]*):/gm)].map(([, target]) => target);
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const asked = named(document, /(?:^|[;&|] ?)make (?:-\S+ )*([a-z][\w-]*)/gm);
    expect(asked.filter((target) => !targets.includes(target))).toEqual([]);
    const run = named(document, /\bnpm run (?:-\S+ )*([a-z][\w:-]*)/g);
    expect(run.filter((script) => !(script in scripts))).toEqual([]);
    const programs = named(document, /\bnode --import tsx (\S+\.ts)\b/g);
    expect(programs.filter((program) => !existsSync(path.join(root, program)))).toEqual([]);
  });

  it("has commands that a shell can read, and no mark at them but `run`", () => {
    for (const { value = "", meta } of shellBlocks(document)) {
      const { stderr, status } = spawnSync("sh", ["-n"], { input: `${value}\n`, encoding: "utf8" });
      expect({ value, status, stderr }).toEqual({ value, status: 0, stderr: "" });
      expect(meta ?? "run").toBe("run");
    }
  });
});

it("the README is one that is read to its end", () => {
  const readme = documents.find(({ file }) => file === "README.md");
  expect(readme?.text.trimEnd().split("\n").length).toBeLessThanOrEqual(150);
});
