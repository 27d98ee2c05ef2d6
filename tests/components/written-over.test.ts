import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

/** What the other scripts bring, as far as it is asked. */
const surroundings = `
  . ${scripts}/lib.sh
  . ${scripts}/unit.sh
  . ${scripts}/places.sh
  . ${scripts}/edits.sh
  . ${scripts}/written-over.sh
  real_way() { :; }
  unit_findings() { [ "$unit" != beaten.service ] || echo 'foreign a.conf sets ExecStart of beaten.service: remove that'; }
`;

describe("a change tells what somebody else has written over since the last one", () => {
  const file = scratchDirectory();
  const run = (name: string, more = ""): string[] => {
    const places = ["state", "state_root", "scratch", "run"].map((place) => `${place}=${file("")}/${place}`);
    const script = `${surroundings}\n${places.join("\n")}\nstate=$state_root/prod environment=prod name=${name} unit=alloy.service\n${more}\ntell_written_over`;
    const text = execFileSync("sh", ["-c", script, path.join(scripts, "service-config")], {
      encoding: "utf8",
    });
    return text.split("\n").filter((line) => line !== "");
  };
  const put = (name: string, content: string): void => {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), content);
  };
  /** The records of a service that has put its files in place. */
  const service = (name: string, unit: string, files: Record<string, string>, more = ""): void => {
    const lines = Object.entries(files).map(([of, content]) => {
      put(of, content);
      const digest = createHash("sha256").update(content).digest("hex");
      return `file ${digest} 0640 root:alloy reload ${file(of)}\n`;
    });
    put(`state_root/prod/${name}/manifest`, `format 3\nunit ${unit}\nuser alloy\n${more}${lines.join("")}`);
  };

  beforeEach(() => {
    for (const name of ["scratch", "run"]) mkdirSync(file(name));
    service("profiles", "alloy.service", { "etc/profiles.alloy": "a\n" });
    service("pyroscope", "pyroscope.service", { "etc/config.yml": "b\n", "etc/drop-in.conf": "c\n" });
  });

  test("nothing, where all is as it was put in place", () => {
    expect(run("profiles")).toEqual([]);
  });

  test("its own files, which it puts back, and those of others, which it does not", () => {
    put("etc/profiles.alloy", "x\n");
    put("etc/config.yml", "x\n");
    rmSync(file("etc/drop-in.conf"));
    expect(run("profiles")).toEqual([
      `warning: On the host ${file("etc/profiles.alloy")} was edited. This puts it back.`,
      `warning: On the host ${file("etc/config.yml")} was edited. An up with detectDrift puts it back.`,
      `warning: On the host ${file("etc/drop-in.conf")} is missing. An up with detectDrift puts it back.`,
    ]);
  });

  test("lines of ours that are gone from a file of theirs", () => {
    const line = `line ${file("etc/Caddyfile")} import /etc/soar/caddy/*.conf\n`;
    service("site", "caddy.service", {}, `host-unit yes\n${line}`);
    put("etc/Caddyfile", "import /etc/soar/caddy/*.conf # soar-profiling\n");
    expect(run("profiles")).toEqual([]);
    put("etc/Caddyfile", "localhost\n");
    expect(run("profiles")).toEqual([
      `warning: On the host ${file("etc/Caddyfile")} was edited. An up with detectDrift puts it back.`,
    ]);
  });

  test("who decides how another unit runs, once for all services of it", () => {
    for (const name of ["one", "two"]) service(name, "beaten.service", {});
    expect(run("profiles")).toEqual([
      "warning: On the host a.conf sets ExecStart of beaten.service: remove that. An up that changes it fails until then.",
    ]);
  });

  test("but not what a change of the same run has told just before", () => {
    put("etc/config.yml", "x\n");
    expect(run("profiles", "note_change")).toEqual([]);
    const before = Date.now() / 1000 - 11;
    utimesSync(file("run/prod.changed"), before, before);
    expect(run("profiles")).toHaveLength(1);
  });
});
