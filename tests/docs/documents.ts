import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { ParserOptions } from "prettier";
import { parsers } from "prettier/plugins/markdown";

export const root = path.resolve(__dirname, "../..");

/** A node of a document, as remark has it, by whose parser prettier reads Markdown. */
export interface Node {
  readonly type: string;
  readonly children?: readonly Node[];
  readonly value?: string;
  /** Of a link, an image or a definition. */
  readonly url?: string;
  /** Of a fenced block: the first word after the fence, and the rest. */
  readonly lang?: string | null;
  readonly meta?: string | null;
}

/** A page for people. */
export interface Document {
  /** Its path in the repository. */
  readonly file: string;
  readonly text: string;
  /** All of its nodes, in their order. */
  readonly nodes: readonly Node[];
}

/** The pages for people: those at the top of the repository, and all in `docs/`. */
export const documents: readonly Document[] = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
].map((file) => {
  const text = readFileSync(path.join(root, file), "utf8");
  return { file, text, nodes: flat(parse(text)) };
});

function parse(text: string): Node {
  // It needs none of the options, which are for the printer.
  return parsers.markdown.parse(text, {} as ParserOptions) as Node;
}

function flat(node: Node): Node[] {
  return [node, ...(node.children ?? []).flatMap(flat)];
}

/** The text of a node, without how it is set. */
export function textOf({ value, children = [] }: Node): string {
  return value ?? children.map(textOf).join("");
}

/** The cells under a title, in all tables that have one like that. */
export function cellsUnder({ nodes }: Document, title: string): Node[] {
  return nodes
    .filter(({ type }) => type === "table")
    .flatMap(({ children: [head, ...rows] = [] }) => {
      const column = head?.children?.findIndex((cell) => textOf(cell) === title) ?? -1;
      return rows.flatMap(({ children = [] }) => children[column] ?? []);
    });
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf({ nodes }: Document): Set<string> {
  const anchors = new Set<string>();
  for (const heading of nodes.filter(({ type }) => type === "heading")) {
    const kept = textOf(heading)
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "");
    const anchor = kept.replaceAll(" ", "-");
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}
