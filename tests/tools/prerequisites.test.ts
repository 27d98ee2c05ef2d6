import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { UserError } from "../../sandbox/log";
import { checkMachine, ensurePackages, packageCandidate, type Runner } from "../../sandbox/prerequisites";

const good = { platform: "linux", arch: "x64", uid: 0 };

describe("checkMachine", () => {
  it.each([good, { ...good, arch: "arm64" }])("accepts %j", (machine) => {
    expect(() => {
      checkMachine(machine);
    }).not.toThrow();
  });

  it.each([
    [
      { ...good, platform: "darwin" },
      "the sandbox needs Linux, this is darwin: run it in a Linux virtual machine",
    ],
    [{ ...good, arch: "ia32" }, "no tool is made for the processor ia32: use an x86-64 or arm64 machine"],
    [
      { ...good, uid: 1000 },
      "the sandbox boots a host of its own, which needs root: run it as root or with sudo",
    ],
  ])("refuses %j in one line", (machine, message) => {
    expect(() => {
      checkMachine(machine);
    }).toThrow(new UserError(message.split(": ")[0] ?? "", message.split(": ")[1] ?? ""));
  });
});

describe("packages", () => {
  let cache: string;
  let commands: string[];
  beforeEach(async () => {
    cache = await mkdtemp(path.join(tmpdir(), "packages-test-"));
    commands = [];
    vi.stubEnv("SOAR_SANDBOX_CACHE", cache);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await rm(cache, { recursive: true });
  });

  /** Answers by the first two words of the command; success without output by default. */
  const runner =
    (answers: Record<string, { code?: number; stdout?: string; stderr?: string }>): Runner =>
    (command, args) => {
      commands.push([command, ...args].join(" "));
      return Promise.resolve({ code: 0, stdout: "", stderr: "", ...answers[`${command} ${args[0] ?? ""}`] });
    };
  const oneOfTwo = { "dpkg-query -W": { code: 1, stdout: "gcc installed\nlibsystemd-dev config-files\n" } };

  it("does nothing when all are there", async () => {
    await ensurePackages(["gcc"], runner(oneOfTwo));
    expect(commands).toHaveLength(1);
  });

  it("installs only what is missing, waiting for another package manager", async () => {
    await ensurePackages(["gcc", "libsystemd-dev", "curl"], runner(oneOfTwo));
    expect(commands.slice(1)).toEqual([
      "apt-get update -qq -o DPkg::Lock::Timeout=120",
      "apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 libsystemd-dev curl",
    ]);
  });

  it("installs from the lists it has when they cannot be brought up to date", async () => {
    const offline = runner({ ...oneOfTwo, "apt-get update": { code: 100, stderr: "E: no network" } });
    await expect(ensurePackages(["curl"], offline)).resolves.toBeUndefined();
  });

  it("tells the first cause of a failure in one line", async () => {
    const failing = runner({
      ...oneOfTwo,
      "apt-get update": { code: 100, stderr: "W: slow\nE: no network\n" },
      "apt-get install": { code: 100, stderr: "E: Unable to locate package curl\n" },
    });
    await expect(ensurePackages(["curl"], failing)).rejects.toThrow(
      new UserError(
        "the Debian packages curl cannot be installed (E: no network)",
        "check the sources of apt and the network, or install them by hand",
      ),
    );
  });

  const absent: Runner = () => Promise.reject(Object.assign(new Error("spawn ENOENT"), { code: "ENOENT" }));

  it("says so where there is no dpkg", async () => {
    await expect(ensurePackages(["curl"], absent)).rejects.toThrow(
      "this machine has no dpkg and apt-get: use Debian",
    );
  });

  it("reads the candidate's version", async () => {
    const policy = (candidate: string): Runner =>
      runner({
        "apt-cache policy": { stdout: `golang-go:\n  Installed: (none)\n  Candidate: ${candidate}\n` },
      });
    expect(await packageCandidate("golang-go", policy("2:1.24~2"))).toBe("2:1.24~2");
    expect(await packageCandidate("golang-go", policy("(none)"))).toBeUndefined();
    expect(await packageCandidate("golang-go", absent)).toBeUndefined();
  });
});
