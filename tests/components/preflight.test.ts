import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { readScript } from "../../components/host/scripts";
import { scratchDirectory } from "./scratch";

describe("the preflight", () => {
  const place = scratchDirectory();

  /** What one of its checks finds. */
  const found = (check: string, ...args: string[]): string => {
    const [, text] = new RegExp(`^(${check}\\(\\) \\{.*?^\\})$`, "ms").exec(readScript("preflight")) ?? [];
    if (text === undefined) throw new Error(`the preflight has no ${check}`);
    const script = `set -eu; sudo=; finding() { printf '%s\\n' "$1"; }; ${text}; ${check} "$@"`;
    return execFileSync("sh", ["-c", script, "sh", ...args], { encoding: "utf8" }).trim();
  };

  describe("asks a program for its version", () => {
    const program = (words: string): string => {
      const file = place("caddy");
      writeFileSync(file, `#!/bin/sh\ncat <<'end'\n${words}\nend\n`, { mode: 0o755 });
      return found("check_program", "Caddy", `${file} version`, "2.6", "install another");
    };

    test.each([
      "2.6.2",
      "v2.8.4 h1:q3pe0wp=",
      "caddy, version 2.53.3+ds1 (branch: x)\n  go version: go1.22.9",
    ])("and takes %j", (words) => {
      expect(program(words)).toBe("");
    });
    test.each([
      ["", "does not tell its version"],
      ["no version here 10.0.0.1", "does not tell its version"],
      [
        "Welcome to 10.0.0.1, maintained since 2019.04\n2.4.0",
        "is version 2.4.0, and 2.6 or later is needed",
      ],
      ["9.9.9 is the release of our image\nv2.4.0", "is version 2.4.0, and 2.6 or later is needed"],
    ])("and does not take %j", (words, finding) => {
      expect(program(words)).toMatch(new RegExp(`^Caddy ${finding}.*: install another$`));
    });
  });

  test("counts the data of a directory that is a link to another disk", () => {
    const [data, link] = [place("data"), place("link")];
    mkdirSync(data);
    symlinkSync(data, link);
    writeFileSync(path.join(data, "block"), Buffer.alloc(3 * 1024 * 1024, 1));
    const enough = "9000000000000000";
    expect(found("check_disk", link, enough, "retention")).toMatch(/ and 3 MiB in use by profiles/);
    expect(found("check_disk", data, enough, "retention")).toMatch(/ and 3 MiB in use by profiles/);
  });
});
