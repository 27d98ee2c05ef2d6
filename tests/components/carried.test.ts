import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

/** What the other scripts bring, as far as this asks them. The unit and the command say what is done with them. */
const surroundings = `
  . ${scripts}/lib.sh
  . ${scripts}/unit.sh
  . ${scripts}/spare.sh
  . ${scripts}/carried.sh
  control() { echo "$1"; } >>"$log"
`;

describe("what was stored by other files", () => {
  const file = scratchDirectory();
  const run = (commands: string): { status: number | null; said: string } => {
    const names = ["place", "scratch", "spec", "spare", "log"];
    const places = names.map((name) => `${name}=${file(name)}`).join("; ");
    const script = `${places}\n${surroundings}\n${places}; name=x unit=x.service run=${file("run")}\n${commands}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script, path.join(scripts, "service-config")], {
      encoding: "utf8",
    });
    return { status, said: stdout + stderr };
  };
  const log = (): string => readFileSync(file("log"), "utf8");
  const command = (text: string): void => {
    writeFileSync(
      file("command"),
      `#!/bin/sh\n[ "$1" = look ] || echo "$1 $2 $3" >>${file("log")}\n${text}\n`,
      {
        mode: 0o755,
      },
    );
  };

  beforeEach(() => {
    for (const name of ["place", "place/undo", "scratch", "spare", "spare/x.new", "run"])
      mkdirSync(file(name));
    writeFileSync(file("spec"), `unit x.service\ncarry ${file("command")}\n`);
    writeFileSync(file("log"), "");
    command(
      `case $1 in look) echo y ;; take) echo 'profiles of y' && echo y >"$2" ;; return) rm -f "$2" ;; esac`,
    );
  });
  const places = (): string => `${file("place/carried")} ${file("place/original")}`;

  test("comes along while the unit is stopped, is told, and goes back where the change is taken back", () => {
    expect(run("take_along; brought")).toEqual({ status: 0, said: "; brought along: profiles of y\n" });
    expect(log()).toBe(`stop\ntake ${places()}\n`);
    expect(readFileSync(file("spare/x.new/carried"), "utf8")).toBe("y\n");
    // The declaration of before may not have it: so the undo has.
    writeFileSync(file("spec"), "unit x.service\n");
    expect(run("carry_back")).toEqual({ status: 0, said: "" });
    expect(log()).toBe(`stop\ntake ${places()}\nstop\nreturn ${places()}\n`);
    expect(existsSync(file("place/carried"))).toBe(false);
  });

  test("leaves the unit alone where there is nothing of it, or no command for it", () => {
    command("");
    expect(run("take_along; brought; carry_back; give_stored_back")).toEqual({ status: 0, said: "" });
    writeFileSync(file("spec"), "unit x.service\n");
    expect(run("take_along; brought; carry_back; give_stored_back")).toEqual({ status: 0, said: "" });
    expect(log()).toBe("");
  });

  test("is given back at a removal, and comes along again where that is taken back", () => {
    writeFileSync(file("place/carried"), "y\n");
    expect(run("give_stored_back; carry_back")).toEqual({ status: 0, said: "" });
    expect(log()).toBe(`return ${places()}\ntake ${places()}\n`);
  });

  test("that cannot come along, or go back, is told with the reason", () => {
    command(`case $1 in look) echo y ;; *) echo 'no room'; exit 1 ;; esac`);
    expect(run('take_along || cat "$scratch/probe"')).toEqual({ status: 0, said: "no room\n" });
    expect(run('carry_back || cat "$scratch/carried"')).toEqual({ status: 0, said: "no room\n" });
    writeFileSync(file("place/carried"), "y\n");
    expect(run("give_stored_back")).toEqual({
      status: 1,
      said: "soar-profiling: x: what was stored cannot be given back: no room\n",
    });
  });

  test("is not begun where it cannot be looked for", () => {
    command("echo 'no such command'; exit 1");
    expect(run('take_along || cat "$scratch/probe"').said).toContain("no such command");
  });
});
