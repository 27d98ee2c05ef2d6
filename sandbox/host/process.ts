import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../paths";
import { identify, isRunning, type ProcessId } from "../process-id";

/** Enters the control groups given before `--` and becomes the program after it, with the same process id. */
const enterGroups = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"';

/**
 * Starts a program that outlives this one, in the project's directory and in the given control groups. Its output goes to
 * `logFile`, which is emptied first.
 */
export async function startDetached(
  command: readonly string[],
  groups: readonly string[],
  logFile: string,
): Promise<ProcessId> {
  await mkdir(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, "w");
  try {
    const child = spawn("sh", ["-ec", enterGroups, "sh", ...groups, "--", ...command], {
      cwd: projectRoot,
      detached: true,
      stdio: ["ignore", log, log],
    });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    const id = child.pid === undefined ? undefined : await identify(child.pid);
    if (id === undefined) throw new Error(`${command[0]} ended at once; see ${logFile}`);
    return id;
  } finally {
    closeSync(log);
  }
}

/** Waits until `condition` gives something, asking every `interval` ms; undefined when the time is over. */
export async function waitFor<T>(
  condition: () => Promise<T | undefined>,
  milliseconds: number,
  interval = 10,
): Promise<T | undefined> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const result = await condition();
    if (result !== undefined || Date.now() > deadline) return result;
    await sleep(interval);
  }
}

/** Ends a process: SIGTERM, and SIGKILL when it still runs after `patience` ms. */
export async function end(id: ProcessId, patience: number): Promise<void> {
  const ended = async (): Promise<true | undefined> => ((await isRunning(id)) ? undefined : true);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if ((await ended()) === true) return;
    try {
      process.kill(id.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    if ((await waitFor(ended, patience)) === true) return;
  }
  throw new Error(`Process ${id.pid} does not end`);
}
