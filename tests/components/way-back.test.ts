import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

describe("the way back of a change, within its limit of time", () => {
  const file = scratchDirectory();
  const hangs = "trap '' TERM; while :; do sleep 1; done";
  /** What the host has, as far as a change and its way back ask it; one that hangs does so for good. */
  const programs = {
    systemctl: 'case "$*" in *NRestarts*) echo 0 ;; *MainPID*) echo 1 ;; *is-failed*) exit 1 ;; esac',
    "dpkg-query":
      'case "$*" in *Status*Version*) echo "installed 2.0" ;; *Version*) echo 2.0 ;; *) echo installed ;; esac',
    dpkg: "exit 0",
    "apt-get": "exit 0",
    "apt-mark": "exit 0",
  };
  const put = (name: string, text: string): void => {
    writeFileSync(file(`bin/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(file(`bin/${name}`), 0o755);
  };

  beforeEach(() => {
    for (const name of ["place", "work", "scratch", "etc", "bin", "run", "state", "state/packages"])
      mkdirSync(file(name));
    for (const [name, text] of Object.entries(programs)) put(name, text);
    for (const name of ["work/edits", "work/files", "state/packages/x", "configured"])
      writeFileSync(file(name), "");
    writeFileSync(file("etc/a"), "old\n");
  });

  /** A change of a file and of its program, from 1.0 to 2.0, that has `work` seconds of `limit` to succeed, and is taken back. */
  const takeBack = (declaration: string, work: number, limit: number): { words: string; seconds: number } => {
    writeFileSync(file("spec"), `unit x.service\npackage x 2.0\n${declaration}`);
    const names = ["place", "work", "scratch", "spec", "configured", "run", "state", "spare"];
    const script = `
      . ${scripts}/lib.sh
      for part in formats unit package program carried places edits beside transaction; do . ${scripts}/$part.sh; done
      ${names.map((name) => `${name}=${file(name)}`).join(" ")} PATH=${file("bin")}:$PATH name=x
      is_open() { false; }
      read_unit() { unit=x.service host_unit=; }
      read_unit
      since=now
      printf 'x 1.0\\n' >"$place/program"
      printf '%s\\n' "${file("etc/a")}" | { remember reload; }
      put_beside "$spec" "${file("etc/a")}"
      mv "${file("etc/.a.soar-new")}" "${file("etc/a")}"
      finish_by=$((begun + ${work}))
      activate reload || echo "does not work: $(cat "$scratch/probe")"
      roll_back
      echo "$outcome"
    `;
    const start = Date.now();
    const { stdout, stderr, status } = spawnSync("sh", ["-c", script, path.join(scripts, "service-config")], {
      encoding: "utf8",
      env: { SOAR_TIME_LIMIT: String(limit) },
    });
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(readFileSync(file("etc/a"), "utf8")).toBe("old\n");
    expect(readdirSync(file("etc"))).toEqual(["a"]);
    expect(readdirSync(file("place"))).toEqual([]);
    return { words: stdout + stderr, seconds: (Date.now() - start) / 1000 };
  };

  test("has room after a probe that would go on for long", () => {
    const { words, seconds } = takeBack(`health 600 grep -qx old ${file("etc/a")}\n`, 3, 8);
    expect(words).toMatch(/does not work: .*not healthy after [23] s/s);
    expect(words).toContain("the old files are back and x.service runs on them");
    expect(seconds).toBeLessThan(9);
  });

  test("has room after a probe that does not end", () => {
    const { words, seconds } = takeBack(`health 600 grep -qx old ${file("etc/a")} || { ${hangs}; }\n`, 3, 8);
    expect(words).toMatch(/does not work: it did not end within [23] s, and was ended/);
    expect(words).toContain("the old files are back and x.service runs on them");
    expect(seconds).toBeLessThan(9);
  });

  test("restarts the service where a reload does not end, after apt and dpkg have not either", () => {
    for (const name of ["dpkg", "apt-get"]) put(name, hangs);
    const { words, seconds } = takeBack(`health 600 grep -qx old ${file("etc/a")}\nreload ${hangs}\n`, 3, 13);
    expect(words).toContain("does not work");
    expect(words).toContain("it did not end within");
    expect(words).toContain("x 2.0 stays, because apt-get cannot install 1.0 again");
    expect(words).toContain("the old files are back and x.service runs on them");
    expect(seconds).toBeLessThan(14);
  });

  test("says the truth where the service does not start in what is left", () => {
    put("systemctl", `case "$1" in restart) ${hangs} ;; show) echo 0 ;; esac`);
    const { words, seconds } = takeBack("reload false\n", 2, 6);
    expect(words).toContain("the old files are back, but x.service is not healthy on them either");
    expect(seconds).toBeLessThan(7);
  });
});
