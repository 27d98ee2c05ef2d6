import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { lock } from "./lock";
import { step, run, UserError, type RunResult } from "./log";
import { cacheDir } from "./paths";

/** What the sandbox must know about the machine it runs on. */
export interface Machine {
  /** As `process.platform`. */
  platform: string;
  /** As `process.arch`. */
  arch: string;
  /** The effective user id. */
  uid: number;
}

/** Refuses, in one line, a machine on which the sandbox cannot run. Changes nothing. */
export function checkMachine(machine: Machine = thisMachine()): void {
  if (machine.platform !== "linux") {
    throw new UserError(
      `the sandbox needs Linux, this is ${machine.platform}`,
      "run it in a Linux virtual machine",
    );
  }
  if (machine.arch !== "x64" && machine.arch !== "arm64") {
    throw new UserError(
      `no tool is made for the processor ${machine.arch}`,
      "use an x86-64 or arm64 machine",
    );
  }
  if (machine.uid !== 0) {
    throw new UserError(
      "the sandbox boots a host of its own, which needs root",
      "run it as root or with sudo",
    );
  }
}

function thisMachine(): Machine {
  const uid = process.geteuid?.() ?? -1;
  return { platform: process.platform, arch: process.arch, uid };
}

/** Runs a program to its end, whatever its exit code; rejects when it cannot be started. */
export type Runner = (command: string, args: string[]) => Promise<RunResult>;

const runApt: Runner = (command, args) =>
  run(command, args, {
    env: { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1", LC_ALL: "C" },
    allowFailure: true,
  });

/**
 * Installs what is missing of these Debian packages, and says so; quick and silent when all are there.
 * Waits up to two minutes for another package manager.
 */
export async function ensurePackages(names: string[], runner: Runner = runApt): Promise<void> {
  const missing = await missingPackages(names, runner);
  if (missing.length === 0) return;
  await step(`Installing Debian packages: ${missing.join(" ")}`, () =>
    alone(async () => {
      const update = await runner("apt-get", ["update", "-qq", ...waitForLock]);
      const options = ["-y", "-qq", "--no-install-recommends", ...waitForLock];
      const install = await runner("apt-get", ["install", ...options, ...missing]);
      if (install.code === 0) return;
      // Without a package list the installation fails too; then the first failure is the one to mend.
      const reason = firstError(update.code === 0 ? install : update);
      throw new UserError(
        `the Debian packages ${missing.join(" ")} cannot be installed (${reason})`,
        "check the sources of apt and the network, or install them by hand",
      );
    }),
  );
}

/**
 * The version that apt would install, after bringing its lists up to date.
 * @returns undefined when there is no apt or no such package
 */
export async function packageCandidate(name: string, runner: Runner = runApt): Promise<string | undefined> {
  try {
    await alone(() => runner("apt-get", ["update", "-qq", ...waitForLock]));
    const policy = await runner("apt-cache", ["policy", name]);
    const candidate = /^\s*Candidate: (\S+)$/m.exec(policy.stdout)?.[1];
    return candidate === "(none)" ? undefined : candidate;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const waitForLock = ["-o", "DPkg::Lock::Timeout=120"];

async function missingPackages(names: string[], runner: Runner): Promise<string[]> {
  try {
    const query = await runner("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n", ...names]);
    const installed = new Set(query.stdout.split("\n"));
    return names.filter((name) => !installed.has(`${name} installed`));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new UserError(
      "this machine has no dpkg and apt-get",
      `use Debian or Ubuntu (here the packages ${names.join(" ")} are needed)`,
    );
  }
}

/** apt's lock on its lists does not wait, so that runs of ours take turns. */
async function alone<T>(action: () => Promise<T>): Promise<T> {
  await mkdir(cacheDir(), { recursive: true });
  const release = await lock(path.join(cacheDir(), "apt.lock"));
  try {
    return await action();
  } finally {
    await release();
  }
}

function firstError(result: RunResult): string {
  const lines = (result.stderr + result.stdout).split("\n").map((line) => line.trim());
  const error = lines.find((line) => line.startsWith("E:")) ?? lines.find((line) => line !== "");
  return error ?? `exit code ${result.code}`;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
