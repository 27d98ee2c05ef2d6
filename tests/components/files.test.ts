import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("how files are", () => {
  const file = scratchDirectory();
  const run = (commands: string, input = ""): string =>
    execFileSync(
      "sh",
      ["-c", `set -eu; cd ${file("")}; work=$PWD/work; . ${scripts}/files.sh; ${commands}`],
      {
        encoding: "utf8",
        input,
      },
    );
  const owner = (): string => run("stat -c %U:%G .").trim();
  /** A line of what is meant. */
  const meant = (name: string, text = "ours\n", mode = "0640"): string =>
    `${digest(text)} ${mode} ${owner()} ${file(name)}\n`;
  const others = (...lines: string[]): string[] =>
    run("others_than", lines.join("")).split("\n").slice(0, -1);
  const put = (name: string, text = "ours\n", mode = 0o640): void => {
    writeFileSync(file(name), text);
    chmodSync(file(name), mode);
  };

  beforeEach(() => {
    mkdirSync(file("work"));
  });

  test("is told of those that are otherwise: missing, edited, of another mode, no file", () => {
    for (const name of ["as meant", "with  two spaces"]) put(name);
    put("edited", "theirs\n");
    put("open", "ours\n", 0o644);
    mkdirSync(file("directory"));
    symlinkSync(file("as meant"), file("link"));
    const names = ["as meant", "edited", "missing", "with  two spaces", "open", "directory", "link"];
    const lines = names.map((name) => meant(name));
    const wrong = new Set(["edited", "missing", "open", "directory", "link"]);
    expect(others(...lines)).toEqual(
      lines.filter((_, at) => wrong.has(names[at] ?? "")).map((line) => line.trimEnd()),
    );
    expect(others()).toEqual([]);
  });

  test("is a failure where they cannot be read", () => {
    put("file");
    const failing = `sha256sum() { echo 'write error' >&2; return 1; }; others_than 2>&1 || echo failed`;
    expect(run(failing, meant("file"))).toBe("write error\nfailed\n");
  });
});

describe("a value of the declaration", () => {
  const file = scratchDirectory();
  const values = (spec: string, commands: string): string => {
    writeFileSync(file("spec"), spec);
    return execFileSync(
      "sh",
      ["-c", `set -eu; cd ${file("")}; spec=$PWD/spec; . ${scripts}/unit.sh; ${commands}`],
      { encoding: "utf8" },
    );
  };

  test("is each line's that begins with the word, as it is", () => {
    const word = fc.constantFrom("unit", "health", "uni", "file");
    const text = fc.stringMatching(/^[ab *?[\]$`'"\\n~#=%-]*$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, text)), (lines) => {
        const spec = lines.map(([name, value]) => `${name} ${value}\n`).join("");
        const expected = lines.filter(([name]) => name === "unit").map(([, value]) => `${value}\n`);
        expect(values(spec, "value unit")).toBe(expected.join(""));
      }),
      { numRuns: 60 },
    );
  });

  test("is of the file that is the declaration now, and read anew once that is said", () => {
    const commands = `read_spec; echo 'unit b' >spec; value unit; read_spec; value unit
      echo 'unit c' >other; (spec=$PWD/other; value unit); value unit; case *.none in '*.none') echo ok ;; esac; echo s*c`;
    expect(values("unit a\n", commands)).toBe("a\nb\nc\nb\nok\nspec\n");
  });

  test("of a file that is not there is a failure", () => {
    expect(values("", `rm spec; value unit 2>/dev/null || echo failed`)).toBe("failed\n");
  });
});
