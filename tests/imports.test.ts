import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { preProcessFile } from "typescript";
import { expect, test } from "vitest";

const root = path.resolve(__dirname, "..");

/** Not of the program, or not ours. */
const others = new Set(["node_modules", "tests", "test-results", "target", "dist"]);

function filesIn(directory: string): string[] {
  return readdirSync(path.join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    if (others.has(entry.name) || entry.name.startsWith(".")) return [];
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) return filesIn(file);
    return file.endsWith(".ts") ? [file] : [];
  });
}

/** What each file imports, types as well: files of this project by their paths, packages by their names. */
const imports = new Map(filesIn("").map((file) => [file, importsOf(file)] as const));

function importsOf(file: string): string[] {
  const { importedFiles } = preProcessFile(readFileSync(path.join(root, file), "utf8"), true, true);
  return importedFiles.flatMap(({ fileName }) => {
    if (!fileName.startsWith(".")) return [fileName];
    const base = path.join(path.dirname(file), fileName.replace(/\.js$/, ""));
    return [`${base}.ts`, path.join(base, "index.ts")].filter((found) => existsSync(path.join(root, found)));
  });
}

/** The room that a file is in: a folder, or the folder of the host layer. */
function roomOf(file: string): string {
  if (file.startsWith("components/host/")) return "components/host";
  return file.includes("/") ? (file.split("/")[0] ?? "") : "top";
}

/** What each room may import of others. `bench` and `ci` are commands of their own, and nobody's. */
const allowed: Record<string, string[]> = {
  config: [],
  render: ["config"],
  "components/host": ["config"],
  components: ["components/host", "render", "config"],
  top: ["components", "components/host", "render", "config"],
  operations: ["components", "components/host", "render", "config"],
  sandbox: ["top", "operations", "components", "components/host", "config"],
  ci: ["top", "operations"],
  bench: ["sandbox", "operations", "render", "config", "top"],
};

test("imports go one way, from the program to its parts", () => {
  const wrong = [...imports].flatMap(([file, imported]) =>
    imported
      .filter((other) => imports.has(other) && roomOf(other) !== roomOf(file))
      .filter((other) => !(allowed[roomOf(file)] ?? []).includes(roomOf(other)))
      .map((other) => `${file} imports ${other}`),
  );
  expect(wrong).toEqual([]);
});

test("what renders files knows no Pulumi", () => {
  const wrong = [...imports].flatMap(([file, imported]) =>
    imported
      .filter((other) => roomOf(file) === "render" && other.startsWith("@pulumi"))
      .map((other) => `${file} imports ${other}`),
  );
  expect(wrong).toEqual([]);
});

test("no file imports itself by way of others", () => {
  const done = new Set<string>();
  const circleFrom = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const other of imports.get(file) ?? []) {
      const circle = circleFrom(other, [...way, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  const circles = [...imports.keys()].flatMap((file) => circleFrom(file, [])?.join(" > ") ?? []);
  expect(circles).toEqual([]);
});
