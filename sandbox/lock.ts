import { randomBytes } from "node:crypto";
import { link, readFile, rm, unlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./log";
import { isRunning, thisProcess, type ProcessId } from "./process-id";

/** Milliseconds after which a wait is told. */
const patience = 2000;

/** Whether a process that runs holds a lock file. */
export async function isLocked(file: string): Promise<boolean> {
  const text = await read(file);
  return text !== undefined && (await holderIn(text)) !== undefined;
}

/**
 * Takes a lock file, which names our process. One left by a process that has ended is taken over; for one that runs it
 * waits, and soon says so.
 */
export async function lock(file: string): Promise<() => Promise<void>> {
  // Linked into place with its content: a kill in between leaves no lock without a holder.
  const ours = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(ours, JSON.stringify(await thisProcess()));
  let tellAt = Date.now() + patience;
  try {
    while (!(await linked(ours, file))) {
      const text = await read(file);
      if (text === undefined) continue; // Let go of just now.
      const holder = await holderIn(text);
      if (holder === undefined) await removeLeft(file, text);
      else await sleep(200);
      if (holder === undefined || holder.pid === process.pid || Date.now() < tellAt) continue;
      process.stderr.write(`    waiting for process ${holder.pid}, which holds ${file}\n`);
      tellAt = Infinity;
    }
    return () => rm(file, { force: true }); // It may have gone with its directory.
  } finally {
    await unlink(ours);
  }
}

async function linked(ours: string, file: string): Promise<boolean> {
  try {
    await link(ours, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The process that a lock names, if it still runs. A machine that went down may have left a lock without content. */
async function holderIn(text: string): Promise<ProcessId | undefined> {
  try {
    const holder = JSON.parse(text) as ProcessId;
    return (await isRunning(holder)) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Removes a lock that an ended process has left, if it is still that one and not the next holder's: one waiter at a time,
 * under a lock of the kernel's on the directory, which ends with its holder.
 */
async function removeLeft(file: string, text: string): Promise<void> {
  const script = '! cmp -s - "$1" || rm -f "$1"';
  await run("flock", [path.dirname(file), "sh", "-c", script, "sh", file], { input: text });
}
