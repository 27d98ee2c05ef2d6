import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("what was put in place", () => {
  const file = scratchDirectory();
  const run = (commands: string): string =>
    execFileSync(
      "sh",
      [
        "-c",
        `set -eu
        cd ${file("")}; place=$PWD/place work=$PWD/work spec=$PWD/spec state=$PWD/state
        say() { echo "$*"; }
        value() { sed -n "s/^$1 //p" "$spec"; }
        . ${scripts}/texts.sh
        . ${scripts}/apt-source.sh
        source_file() { echo "$PWD/etc/$1.sources"; }
        source_key() { echo "$PWD/etc/keys/$1.asc"; }
        ${commands}`,
      ],
      { encoding: "utf8" },
    );
  const declare = (spec: string, ...texts: string[]): void => {
    writeFileSync(file("spec"), spec);
    writeFileSync(
      file("work/digests"),
      texts.map((text, index) => `${index + 1} ${digest(text)}\n`).join(""),
    );
    for (const [index, text] of texts.entries()) writeFileSync(file(`work/content/${index + 1}`), text);
  };
  const difference = (before: string, now: string): string[] => {
    writeFileSync(file("before"), before);
    writeFileSync(file("now"), now);
    return run("show_difference before now").split("\n").slice(0, -1);
  };

  beforeEach(() => {
    for (const name of ["place", "work/content", "etc"]) mkdirSync(file(name), { recursive: true });
  });

  test("is kept by its digest, that of the manifest too, and nothing of what went before", () => {
    declare("unit x\n", "one\n", "two\n");
    run("keep_texts");
    expect(readdirSync(file("place/texts")).sort()).toEqual([digest("one\n"), digest("two\n")].sort());
    writeFileSync(file("place/manifest"), `file ${digest("two\n")} 0640 a:b none /x\n`);
    declare("unit x\n", "three\n");
    run("keep_texts");
    expect(readdirSync(file("place/texts")).sort()).toEqual([digest("two\n"), digest("three\n")].sort());
    expect(readFileSync(file(`place/texts/${digest("three\n")}`), "utf8")).toBe("three\n");
  });

  test("is not kept once a file of the declaration holds a secret", () => {
    declare("unit x\n", "one\n");
    run("keep_texts");
    declare("unit x\nsecret yes\n", "two\n");
    run("keep_texts");
    expect(existsSync(file("place/texts"))).toBe(false);
  });

  test("cannot be kept where there is no room, which is a failure", () => {
    declare("unit x\n", "one\n");
    expect(() => run("cp() { return 1; }; keep_texts")).toThrow();
  });

  test("is told from what stands there now, line by line", () => {
    expect(difference("a\nb\nc\n", "a\nB\nc\n")).toEqual([
      "\t--- as it was put in place",
      "\t+++ as it is now",
      "\t@@ -2 +2 @@",
      "\t-b",
      "\t+B",
    ]);
    expect(difference("a\n", "a\n")).toEqual([]);
  });

  test("is told by some lines, none of them long, and none that may be a secret or write to a terminal", () => {
    const many = Array.from({ length: 30 }, (_, line) => `${line}\n`).join("");
    const told = difference("", many);
    expect(told).toHaveLength(13);
    expect(told.at(-1)).toBe("\t... and 21 lines more");
    const [, , , ...lines] = difference(
      "",
      `password = x1\nX-Token: x2\nurl = http://me:x3@host/\n\x1b[31mred\n${"x".repeat(500)}\n`,
    );
    const hidden = "\t+ (not shown: it may be a secret)";
    expect(lines).toEqual([hidden, hidden, hidden, "\t+[31mred", `\t+${"x".repeat(159)} ...`]);
  });

  test("is not told of what was not kept", () => {
    writeFileSync(file("now"), "x\n");
    expect(run("show_difference missing now")).toBe("");
  });

  test("of an apt source comes back where it was removed or edited, and is not touched otherwise", () => {
    mkdirSync(file("etc/keys"));
    writeFileSync(file("etc/a.sources"), "source\n");
    writeFileSync(file("etc/keys/a.asc"), "key\n");
    run('put_source_back a; keep_source a 3 https://key F1; [ -z "$(put_source_back a)" ]');
    expect(readFileSync(file("state/sources/a/generation"), "utf8")).toBe("3\n");
    run("rm -r etc; put_source_back a");
    writeFileSync(file("etc/keys/a.asc"), "another\n");
    expect(run("put_source_back a")).toBe(
      "apt source a was no longer as it was put in place, and is again\n",
    );
    expect(readFileSync(file("etc/a.sources"), "utf8")).toBe("source\n");
    expect(readFileSync(file("etc/keys/a.asc"), "utf8")).toBe("key\n");
    run("forget_source a; rm etc/a.sources; put_source_back a");
    expect(existsSync(file("etc/a.sources"))).toBe(false);
  });
});
