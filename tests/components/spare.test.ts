import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

describe("the records on a host, which are kept twice", () => {
  const file = scratchDirectory();
  const content = (name: string): string => readFileSync(file(name), "utf8");
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
  };
  /** Runs commands of the scripts, as a script of an environment would. */
  const run = (commands: string): string =>
    execFileSync(
      "sh",
      [
        "-c",
        `. ${scripts}/lib.sh
        state=$PWD/state spare=$PWD/spare name=profiles place=$PWD/state/profiles work=$PWD/work run=$PWD
        . ${scripts}/spare.sh
        . ${scripts}/beside.sh
        . ${scripts}/transaction.sh
        . ${scripts}/edits.sh
        ${commands}`,
        path.join(scripts, "service-config"),
      ],
      { encoding: "utf8", cwd: file("") },
    );

  beforeEach(() => {
    write("state/profiles/manifest.new", `file 1 0644 root:root reload ${file("etc/a")}\n`);
    write("state/profiles/directories", `${file("etc")}\n`);
    write("state/profiles/original/old", "an operator's\n");
    write("etc/a", "ours\n");
    run('prepare_spare; mv "$place/manifest.new" "$place/manifest"; put_spare');
  });

  test("come back whole where one place was emptied", () => {
    const manifest = content("state/profiles/manifest");
    rmSync(file("state"), { recursive: true });
    expect(run('mkdir "$state"; find_own_records')).toBe(
      `the record ${file("state/profiles")} was gone: it is back, from ${file("spare/profiles")}\n`,
    );
    expect(content("state/profiles/manifest")).toBe(manifest);
    expect(content("state/profiles/original/old")).toBe("an operator's\n");
    expect(readdirSync(file("state"))).toEqual(["profiles"]);
    rmSync(file("spare"), { recursive: true });
    run('cp "$place/manifest" "$place/manifest.new"; prepare_spare; put_spare');
    expect(content("spare/profiles/manifest")).toBe(manifest);
  });

  test("do not come back after a removal, nor in place of a change under way", () => {
    run("drop_record profiles");
    expect(run("find_own_records")).toBe("");
    expect(existsSync(file("state/profiles"))).toBe(false);
    write("spare/profiles/manifest", "");
    write("state/profiles/undo/paths", "");
    expect(run("find_own_records")).toBe("");
    expect(existsSync(file("state/profiles/manifest"))).toBe(false);
  });

  test("take nothing of ours for an operator's, and forget a file that an operator has deleted since", () => {
    const keep = `keep_original ${file("etc/a")}; ls "$place/original"`;
    const original = `${file("etc/a").replaceAll("/", "%")}\n`;
    expect(run(keep)).toBe("old\n");
    rmSync(file("state/profiles/manifest"));
    expect(run(keep).split("\n").sort().join("\n").trim()).toBe([original.trim(), "old"].sort().join("\n"));
    rmSync(file("etc/a"));
    expect(run(keep)).toBe("old\n");
    write(
      "etc/a",
      "// Managed by soar-profiling (environment x): changes made here are overwritten.\nours\n",
    );
    expect(run(keep)).toBe("old\n");
  });

  test("of a package say whose it is also where they are cut off", () => {
    const whose = (record: string | undefined, hasDropIn: boolean): string => {
      if (record !== undefined) write("state/packages/alloy", record);
      else rmSync(file("state/packages/alloy"), { force: true });
      return run(
        `. ${scripts}/package.sh; gate() { echo ${hasDropIn ? "/dev/null" : "/nowhere"}; }\n` +
          "if came_with_us alloy alloy.service; then echo ours; else echo theirs; fi",
      ).trim();
    };
    expect(whose("found absent\nversion 1\n", false)).toBe("ours");
    expect(whose("found hold enabled active\nversion 1\n", true)).toBe("theirs");
    for (const record of [undefined, "", "version 1\n"]) {
      expect(whose(record, true)).toBe("ours");
      expect(whose(record, false)).toBe("theirs");
    }
  });

  test("let nothing go that has something on top of it: it stays in a replacement, and a destroy is refused", () => {
    const ask = 'stays_for "package alloy" "its configuration alloy" "remove it"; echo not here';
    expect(run(ask)).toBe("package alloy stays for its configuration alloy\n");
    run(': >"$run/$environment.destroy"');
    expect(() => run(ask)).toThrow(
      /package alloy cannot be removed: its configuration alloy of environment \S+ is still on this host\. .* \(remove it\)/,
    );
  });
});
