import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = path.join(__dirname, "../../components/host/scripts/unit-in-force.pl");
const sleep = "/usr/bin/sleep";
const remedy = "remove that, and say in the stack's settings what it is for";

/** A host in a directory: `systemctl` and `dpkg-query` answer as told. */
let root: string;
let sleeper: ChildProcess | undefined;

const at = (name: string): string => path.join(root, name);
const write = (name: string, ...lines: string[]): string => {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), lines.map((line) => `${line}\n`).join(""), { mode: 0o755 });
  return at(name);
};
const digest = (text: string, kind: string): string => createHash(kind).update(text).digest("hex");

const unit = ["[Service]", "User=x", "EnvironmentFile=ROOT/default", `ExecStart=${sleep} $ARGS $LENGTH`];
const packaged = (): string[] => unit.map((line) => line.replace("ROOT", root));

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "unit-"));
  write("default", "# Managed by soar-profiling: ...", 'LENGTH="1000"', "ARGS=");
  write("lib/x.service", ...packaged());
  systemctl(0);
  write("bin/dpkg-query", "#!/bin/sh", `case $1 in -L) echo ${at("lib/x.service")} ;; esac`);
  // Paths of a package end like this on every host.
  rmSync(at("lib"), { recursive: true });
  write("lib/systemd/system/x.service", ...packaged());
  write("bin/dpkg-query", "#!/bin/sh", `[ "$1" = -L ] && echo ${at("lib/systemd/system/x.service")}; :`);
  mine("10-ours.conf", "[Service]", "TimeoutStopSec=20s");
  manifest();
});
afterEach(() => {
  sleeper?.kill();
  sleeper = undefined;
  rmSync(root, { recursive: true });
});

function systemctl(pid: number, ...more: string[]): void {
  const directories = ["etc", "run", "lib/systemd/system"].map(at).join(" ");
  write(
    "bin/systemctl",
    "#!/bin/sh",
    `case $* in *UnitPath*) echo UnitPath=${directories} ;; *) printf '%s\\n' MainPID=${pid} ${more.map((line) => `'${line}'`).join(" ")} ;; esac`,
  );
}
const mine = (name: string, ...lines: string[]): string =>
  write(
    `etc/x.service.d/${name}`,
    "# Managed by soar-profiling: changes made here are overwritten.",
    ...lines,
  );
function manifest(text = `# Managed by soar-profiling: ...\nLENGTH="1000"\nARGS=\n`): void {
  write(
    "records/test/x/manifest",
    "unit x.service",
    `file ${digest(text, "sha256")} 0644 root:root restart ${at("default")}`,
  );
}
async function start(...words: string[]): Promise<number> {
  sleeper = spawn(sleep, words);
  await new Promise((resolve) => sleeper?.once("spawn", resolve));
  return sleeper.pid ?? 0;
}

/** What the script says, with the root left out. */
function findings(): string[] {
  const { status, stdout, stderr } = spawnSync("perl", ["-w", script, "x.service", "x", at("records")], {
    encoding: "utf8",
    env: { PATH: `${at("bin")}:/usr/bin:/bin` },
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout
    .replaceAll(root, "")
    .split("\n")
    .filter((line) => line !== "");
}

describe("a unit's files", () => {
  it("are its package's and ours: nothing to say", () => {
    expect(findings()).toEqual([]);
  });

  const drop = "/etc/x.service.d/override.conf";
  const beats = `which beats ExecStart in /lib/systemd/system/x.service: ${remedy}`;
  it.each<[string, string, string[], string]>([
    [
      "another command line",
      drop,
      ["[Service]", "ExecStart=", `ExecStart=${sleep} $ARGS $LENGTH -key=secret`],
      `sets ExecStart (with -key) of x.service, ${beats}`,
    ],
    [
      "one over several lines",
      drop,
      ["[Service]", "ExecStart=", `ExecStart=${sleep} \\`, "# $ARGS", "  $LENGTH"],
      `sets ExecStart (without $ARGS) of x.service, ${beats}`,
    ],
    [
      "an environment file with a variable of the command line",
      drop,
      ["[Service]", "EnvironmentFile=-ROOT/mine"],
      `sets EnvironmentFile (LENGTH) of x.service, which beats LENGTH in /default: ${remedy}`,
    ],
    [
      "no environment file",
      drop,
      ["[Service]", "EnvironmentFile="],
      `sets EnvironmentFile of x.service, which beats ARGS LENGTH in /default: ${remedy}`,
    ],
    [
      "a variable of the command line",
      drop,
      ["[Service]", 'Environment="LENGTH=1" A=b'],
      `sets Environment (LENGTH) of x.service, against /default: ${remedy}`,
    ],
    [
      "another user",
      drop,
      ["[Service]", "User=y"],
      `sets User of x.service, which beats User in /lib/systemd/system/x.service: ${remedy}`,
    ],
    ["another root", drop, ["[Service]", "BindPaths=/a:/b"], `sets BindPaths of x.service: ${remedy}`],
    [
      "a setting of ours, and is read later",
      drop,
      ["[Service]", "TimeoutSec=5s"],
      `sets TimeoutStopSec of x.service, which beats TimeoutStopSec in /etc/x.service.d/10-ours.conf: ${remedy}`,
    ],
    [
      "no condition of ours",
      drop,
      ["[Unit]", "ConditionPathExists="],
      `sets ConditionPathExists of x.service, which beats ConditionPathExists in /etc/x.service.d/00-ours.conf: ${remedy}`,
    ],
    [
      "in /run",
      "/run/x.service.d/override.conf",
      ["[Service]", "User=y"],
      `sets User of x.service, which beats User in /lib/systemd/system/x.service: ${remedy}`,
    ],
    [
      "for every service",
      "/etc/service.d/override.conf",
      ["[Service]", "User=y"],
      `sets User of x.service, which beats User in /lib/systemd/system/x.service: ${remedy}`,
    ],
  ])("are named with the setting: %s", (_, file, lines, words) => {
    mine("00-ours.conf", "[Unit]", "ConditionPathExists=/a");
    write("mine", "LENGTH=5");
    write(file, ...lines.map((line) => line.replace("ROOT", root)));
    expect(findings()).toEqual([`foreign ${file} ${words}`]);
  });

  it.each<[string, string, string[]]>([
    ["limits", drop, ["[Service]", "MemoryMax=1G", "Nice=5", "LimitNOFILE=9"]],
    [
      "an environment that is no part of the command line",
      drop,
      ["[Service]", "Environment=GOMEMLIMIT=1GiB"],
    ],
    ["an environment file of that kind", drop, ["[Service]", "EnvironmentFile=ROOT/other"]],
    ["one that is not there", drop, ["[Service]", "EnvironmentFile=-ROOT/none"]],
    ["the same again", drop, ["[Service]", "User=x", "ExecStart=", `ExecStart=${sleep} $ARGS  $LENGTH`]],
    [
      "a setting of ours, but is read earlier",
      "/etc/x.service.d/05.conf",
      ["[Service]", "TimeoutStopSec=5s"],
    ],
    ["a further condition", drop, ["[Unit]", "ConditionPathExists=/b"]],
    ["another unit", "/etc/y.service.d/override.conf", ["[Service]", "User=y"]],
    [
      "hidden by another of its name",
      "/lib/systemd/system/x.service.d/10-ours.conf",
      ["[Service]", "User=y"],
    ],
    ["no drop-in", "/etc/x.service.d/override.conf.bak", ["[Service]", "User=y"]],
  ])("may be an operator's: %s", (_, file, lines) => {
    mine("00-ours.conf", "[Unit]", "ConditionPathExists=/a");
    write("other", "GOMEMLIMIT=1GiB");
    write(file, ...lines.map((line) => line.replace("ROOT", root)));
    expect(findings()).toEqual([]);
  });

  it("are shadowed by another of the unit's name", () => {
    write("etc/x.service", ...packaged().slice(0, 3), `ExecStart=${sleep} 5`);
    expect(findings()).toEqual([
      "foreign /etc/x.service shadows /lib/systemd/system/x.service of the package x " +
        `and sets ExecStart (with a value and without $ARGS $LENGTH): ${remedy}`,
    ]);
  });

  it("are hidden by others of the same name", () => {
    const own = mine("10-ours.conf", "[Service]", "TimeoutStopSec=20s");
    write("records/test/y/manifest", "unit x.service", `file 0 0644 root:root restart ${own}`);
    write("control/x.service.d/10-ours.conf", "[Service]", "TimeoutStopSec=20s");
    write(
      "bin/systemctl",
      "#!/bin/sh",
      `echo UnitPath=${["control", "etc", "lib/systemd/system"].map(at).join(" ")}`,
    );
    expect(findings()).toEqual([
      `foreign /control/x.service.d/10-ours.conf stands before /etc/x.service.d/10-ours.conf of the stack: ${remedy}`,
    ]);
  });

  it("are masked", () => {
    symlinkSync("/dev/null", at("etc/x.service"));
    expect(findings()).toEqual([
      "foreign x.service is masked by /etc/x.service: remove that (systemctl unmask x.service)",
    ]);
  });

  it("may be a link to the package's", () => {
    symlinkSync(at("lib/systemd/system/x.service"), at("etc/x.service"));
    expect(findings()).toEqual([]);
  });

  it("stand where those of a package belong that is not there yet", () => {
    write("bin/dpkg-query", "#!/bin/sh", "exit 1");
    expect(findings()).toEqual([
      `foreign /lib/systemd/system/x.service stands where the unit of the package x belongs: ${remedy}`,
    ]);
    rmSync(at("lib"), { recursive: true });
    expect(findings()).toEqual([]);
  });

  it("are the package's, but edited", () => {
    const file = at("lib/systemd/system/x.service");
    const md5 = (text: string): string => `echo "${digest(text, "md5")}  ${file.slice(1)}"`;
    const says = (line: string): string =>
      write("bin/dpkg-query", "#!/bin/sh", `case $1 in -L) echo ${file} ;; --control-show) ${line} ;; esac`);
    says(md5(packaged().join("\n") + "\n"));
    expect(findings()).toEqual([]);
    says(md5("another text\n"));
    expect(findings()).toEqual([
      "foreign /lib/systemd/system/x.service is not as the package x brought it: put that back " +
        "(apt-get install --reinstall x), and say in the stack's settings what the change is for",
    ]);
  });
});

describe("a unit's process", () => {
  it("is the one that the files in place ask for", async () => {
    systemctl(await start("1000"));
    expect(findings()).toEqual([]);
  });

  it("was started before they were changed", async () => {
    const pid = await start("2000");
    systemctl(pid);
    expect(findings()).toEqual([
      `differs process ${pid} of x.service was started with a value and without a value, other than the unit's files say now`,
    ]);
  });

  it("is not measured by a file that was edited, which is told of elsewhere", async () => {
    systemctl(await start("1000"));
    write("default", "# Managed by soar-profiling: ...", "LENGTH=2000", "ARGS=");
    expect(findings()).toEqual([]);
  });

  it("is not what systemd would start, because it has not read the files", async () => {
    const pid = await start("1000");
    const loaded = (words: string): string =>
      `ExecStart={ path=${sleep} ; argv[]=${words} ; ignore_errors=no ; pid=${pid} }`;
    systemctl(pid, "NeedDaemonReload=yes", loaded(`${sleep} $ARGS $LENGTH`));
    expect(findings()).toEqual([]);
    systemctl(pid, "NeedDaemonReload=yes", loaded(`${sleep} 5`));
    expect(findings()).toEqual([
      "differs systemd has not read the files of x.service since they were changed",
    ]);
  });

  it("counts words as systemd makes them of the environment", async () => {
    write("default", "# Managed by soar-profiling: ...", 'ARGS="1 2"', "LENGTH='3'");
    manifest(`# Managed by soar-profiling: ...\nARGS="1 2"\nLENGTH='3'\n`);
    systemctl(await start("1", "2", "3"));
    expect(findings()).toEqual([]);
  });
});
