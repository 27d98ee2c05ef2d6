import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

describe("a file that the package's own scripts read while it is replaced", () => {
  const file = scratchDirectory();
  const content = (name: string): string => readFileSync(file(name), "utf8");

  /** Replaces 1.12.0 by 1.18.1; `installing` is what the package does meanwhile. */
  const replace = (installing: string, then = ""): string =>
    execFileSync(
      "sh",
      [
        "-c",
        `set -eu
        cd ${file("")}; place=$PWD/place work=$PWD/work name=alloy state_root=$PWD state=$PWD spec=$PWD/spec
        say() { echo "$*"; }
        die() { echo "$*"; exit 1; }
        value() { sed -n "s/^$1 //p" "$spec"; }
        kept_version() { echo 1.12.0-1; }
        installed_version() { echo 1.12.0-1; }
        keep_at_version() { :; }
        write_record() { cat >"$1"; }
        put_version() { ${installing}; }
        . ${scripts}/beside.sh
        . ${scripts}/transaction.sh
        . ${scripts}/program.sh
        replace_program || exit 1
        ${then}`,
      ],
      { encoding: "utf8" },
    );
  const expectAsItWas = (): void => {
    expect(content("etc/alloy")).toBe("RESTART_ON_UPGRADE=true\nA=1");
    expect(statSync(file("etc/alloy")).mtime.getTime()).toBe(1_000_000_000_000);
    expect(readdirSync(file("etc"))).toEqual(["alloy"]);
  };

  beforeEach(() => {
    for (const name of ["place", "work", "etc"]) mkdirSync(file(name));
    writeFileSync(file("etc/alloy"), "RESTART_ON_UPGRADE=true\nA=1");
    utimesSync(file("etc/alloy"), 1_000_000_000, 1_000_000_000);
    writeFileSync(
      file("spec"),
      `package alloy 1.18.1-1\nreplacing ${file("")}/etc/alloy RESTART_ON_UPGRADE=false\n`,
    );
  });

  test("tells them so, and is as it was afterwards", () => {
    replace('(. "$PWD/etc/alloy" && echo "$RESTART_ON_UPGRADE$A" >seen)');
    expect(content("seen")).toBe("false1\n");
    expectAsItWas();
    expect(readdirSync(file("place"))).toEqual(["program"]);
  });

  test("is as it was also where the package cannot be installed, or the run was killed meanwhile", () => {
    expect(() => replace("false")).toThrow();
    expect(content("etc/alloy")).toContain("RESTART_ON_UPGRADE=false");
    replace("exit 0", ""); // Killed at its worst.
    replace("unsay; exit 0");
    expectAsItWas();
  });

  test("stays as an operator has made it meanwhile", () => {
    replace("echo by-hand >etc/alloy");
    expect(content("etc/alloy")).toBe("by-hand\n");
    expect(readdirSync(file("place"))).toEqual(["program"]);
  });

  test("is left alone where it says so already, or is not there", () => {
    writeFileSync(file("etc/alloy"), "A=1\nRESTART_ON_UPGRADE=false\n");
    replace("cp etc/alloy seen");
    expect(content("seen")).toBe("A=1\nRESTART_ON_UPGRADE=false\n");
    rmSync(file("etc/alloy"));
    replace("ls etc >seen");
    expect(content("seen")).toBe("");
  });
});
