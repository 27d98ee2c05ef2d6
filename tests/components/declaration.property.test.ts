import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderDeclaration, type ServiceDeclaration } from "../../components/host/declaration";

const scripts = path.resolve(__dirname, "../../components/host/scripts");

/** What the host makes of a declaration: the lines about the service, and its files. */
function read(text: string): { spec: string; files: string[]; contents: string[] } {
  const work = mkdtempSync(path.join(tmpdir(), "soar-declaration-"));
  try {
    mkdirSync(path.join(work, "work"));
    execFileSync(
      "sh",
      [
        "-c",
        `set -eu; work=$1/work spec=$1/spec name=x; die() { echo "$*" >&2; exit 1; }; . ${scripts}/compare.sh; read_declaration`,
        "sh",
        work,
      ],
      { input: text, env: { ...process.env, LC_ALL: "C" }, stdio: "pipe" },
    );
    const content = (name: string): string => readFileSync(path.join(work, name), "utf8");
    const files = content("work/files").split("\n").slice(0, -1);
    return { spec: content("spec"), files, contents: files.map((_, n) => content(`work/content/${n + 1}`)) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Few letters, so that they meet: those that mean something to the shell, awk, or the declaration itself. */
const sign = fc.constantFrom(
  ...Array.from(" \t\"'\\$`*&;|#{}[]().,:-=%/é\u2028\u{1f600}"),
  "end",
  "file",
  "  ",
  "\r",
);
const line = fc.oneof(
  fc.constantFrom("end", "file 0644 root:root none /x", "unit x", "", "  ", "  end", "-- -n"),
  fc.array(sign, { maxLength: 8 }).map((signs) => signs.join("")),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll(/[\n\0]/g, "")),
);
const content = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => `${lines.join("\n")}\n`);
const place = fc
  .array(
    fc.array(sign, { minLength: 1, maxLength: 5 }).map((signs) => signs.join("").replaceAll(/\s/g, "")),
    {
      maxLength: 4,
    },
  )
  .map((parts) => `/${parts.join("/")}`);
const mode = fc.constantFrom("0640", "0644", "0600", "4755");
const owner = fc.constantFrom("root:root", "root:prometheus", "www-data:adm");
const file = fc.record({
  path: place,
  mode,
  owner,
  activation: fc.constantFrom("reload", "none"),
  content,
});
const edit = fc.oneof(
  fc.record({ path: place, key: fc.constantFrom("rule_files", "x"), value: line }),
  fc.record({ path: place, line }),
);
const declaration: fc.Arbitrary<ServiceDeclaration> = fc.record({
  unit: fc.constant("x.service"),
  user: fc.constant("root"),
  isHostUnit: fc.constant(true),
  trees: fc.array(place, { maxLength: 2 }),
  validate: fc.array(line, { maxLength: 2 }),
  reload: line,
  health: fc.array(fc.record({ seconds: fc.nat(), command: line }), { maxLength: 2 }),
  directories: fc.array(fc.record({ path: place, mode, owner }), { maxLength: 2 }),
  edits: fc.array(edit, { maxLength: 2 }),
  files: fc.uniqueArray(file, { selector: ({ path }) => path, maxLength: 4 }),
});

describe("whatever a declaration holds", () => {
  it("the host reads what was declared, to the byte; what was cut off is refused", () => {
    fc.assert(
      fc.property(declaration, fc.nat(), (declared, at) => {
        const text = renderDeclaration(declared);
        const { spec, files, contents } = read(text);
        expect(files).toEqual(
          declared.files.map(
            ({ path, mode, owner, activation }, n) => `${n + 1} ${mode} ${owner} ${activation} ${path}`,
          ),
        );
        expect(contents).toEqual(declared.files.map(({ content }) => content));
        const { trees, validate, reload, health, directories = [], edits = [] } = declared;
        expect(spec.split("\n").slice(0, -1)).toEqual([
          "unit x.service",
          "user root",
          "host-unit yes",
          ...trees.map((tree) => `tree ${tree}`),
          ...validate.map((command) => `validate ${command}`),
          `reload ${reload}`,
          ...health.map(({ seconds, command }) => `health ${seconds} ${command}`),
          ...directories.map(({ path, mode, owner }) => `directory ${path} ${mode} ${owner}`),
          ...edits.map((one) =>
            "line" in one ? `line ${one.path} ${one.line}` : `entry ${one.path} ${one.key} ${one.value}`,
          ),
        ]);
        expect(() => read(text.slice(0, at % (text.length - 4)))).toThrow("was cut off");
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
