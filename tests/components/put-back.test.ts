import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

/** What the other scripts bring, as far as keeping and putting back of files asks them. */
const surroundings = `
  . ${scripts}/lib.sh
  host_unit= unit=x.service
  is_active() { false; }
  faults() { :; }
  read_unit() { :; }
  edit_digests() { :; }
  was_edited_since() { false; }
  . ${scripts}/formats.sh
  . ${scripts}/places.sh
  is_open() { false; }
  . ${scripts}/carried.sh
  . ${scripts}/beside.sh
  . ${scripts}/transaction.sh
`;

describe("the old files of a change", () => {
  const file = scratchDirectory();
  const run = (commands: string): string => {
    const names = ["place", "work", "scratch", "spec", "configured", "run", "spare"];
    const places = names.map((name) => `${name}=${file(name)}`).join(" ");
    const script = `${surroundings}\n${places}\ncd ${file("")}\n${commands}`;
    return execFileSync("sh", ["-c", script, path.join(scripts, "service-config")], { encoding: "utf8" });
  };
  const content = (name: string): string => readFileSync(file(name), "utf8");
  const remember = `printf '%s\\n' "$place/../etc/a" "$place/../etc/b" | { remember reload; }`;
  /** As `swap` does it. */
  const swap = "echo new >etc.a; mv etc.a etc/a; echo new >etc/b";

  beforeEach(() => {
    for (const name of ["place", "work", "scratch", "etc"]) mkdirSync(file(name));
    writeFileSync(file("spec"), "unit x.service\n");
    writeFileSync(file("etc/a"), "old\n");
  });

  test("come back, and what was absent goes; nothing else is left", () => {
    run(`${remember}; ${swap}; put_back`);
    expect(content("etc/a")).toBe("old\n");
    expect(readdirSync(file("etc"))).toEqual(["a"]);
  });

  test("come back also where nothing was swapped yet, and by a second run where the first was cut off", () => {
    run(`${remember}; put_back`);
    expect(readdirSync(file("etc"))).toEqual(["a"]);
    run(`${swap}; put_back`);
    // Its undo says that a is kept, and it was put back already: what is there now is somebody else's.
    expect(content("etc/a")).toBe("new\n");
    expect(existsSync(file("etc/b"))).toBe(false);
  });

  test("go with the undo once they are not needed", () => {
    run(`${remember}; ${swap}; drop_kept "$place/undo"`);
    expect(content("etc/a")).toBe("new\n");
    expect(readdirSync(file("etc")).sort()).toEqual(["a", "b"]);
    expect(readdirSync(file("place"))).toEqual([]);
  });

  test("that cannot be put back are told, and the undo stays", () => {
    run(`${remember}; ${swap}`);
    const told = run(
      // A file system that is read-only, which root sees too.
      'mv() { case "$*" in *soar-old*) return 1 ;; *) command mv "$@" ;; esac; }; roll_back; echo "$outcome"',
    );
    expect(told).toContain("not all old files are back: ");
    expect(told).toContain("etc/.a.soar-old; once the reason is gone, the next pulumi up puts it back");
    expect(readdirSync(file("place"))).toEqual(["undo"]);
    run("put_back");
    expect(content("etc/a")).toBe("old\n");
  });

  test("of an undo of format 1 come back from its copies", () => {
    run(`${remember}; ${swap}; rm -f etc/.a.soar-old "$place"/undo/absent "$place"/undo/format`);
    const name = `${file("place")}/../etc/a`.replaceAll("/", "%");
    writeFileSync(file(`place/undo/${name}`), "older\n");
    chmodSync(file(`place/undo/${name}`), 0o640);
    run("put_back");
    expect(content("etc/a")).toBe("older\n");
    expect(readdirSync(file("etc"))).toEqual(["a"]);
  });
});
