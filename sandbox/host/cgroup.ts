import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rmdir } from "node:fs/promises";
import * as path from "node:path";
import { cacheDir, contentKey } from "../paths";
import { waitFor } from "./process";

/*
 * All processes of a host are in control groups of its own, in every hierarchy in which systemd keeps processes (cgroup
 * v2, and v1's `name=systemd` where the machine is hybrid). systemd-nspawn puts its guest below the group that it runs in,
 * so two hosts in one group would share their units' groups. And the groups are the list of what to end, whatever happened
 * to those who started it.
 */

/** A name that no other host on this machine has, also not one of another cache. */
export function machineName(host: string): string {
  return `soar-${contentKey([cacheDir()]).slice(0, 6)}-${host}`;
}

/** What a host consists of on this machine: systemd-nspawn with all that is in it, and the repository's server. */
type Part = "container" | "server";

/** Makes the groups of one part of a host and returns their directories. */
export async function makeGroups(host: string, part: Part): Promise<string[]> {
  const groups = (await groupsOf(host)).map((group) => path.join(group, part));
  for (const group of groups) await mkdir(group, { recursive: true });
  return groups;
}

/** Kills all processes of a host, or of one part of it. Resolves when they are gone. */
export async function killGroups(host: string, part?: Part): Promise<void> {
  for (const whole of await groupsOf(host)) {
    const group = part === undefined ? whole : path.join(whole, part);
    if (!existsSync(group)) continue;
    const empty = await waitFor(async () => {
      const processes = await processesIn(group);
      for (const pid of processes) killIfThere(pid);
      return processes.length === 0 ? true : undefined;
    }, 10_000);
    if (empty === undefined) throw new Error(`Processes in ${group} do not end`);
  }
}

/** Ends whatever still runs in a host's groups and removes them. */
export async function removeGroups(host: string): Promise<void> {
  await killGroups(host);
  for (const group of await groupsOf(host)) {
    if (!existsSync(group)) continue;
    for (const directory of (await below(group)).reverse()) await ifThere(() => rmdir(directory));
  }
}

async function groupsOf(host: string): Promise<string[]> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).trim().split("\n");
  return mounts.flatMap((line) => {
    const [, mountPoint, type, options] = line.split(" ");
    const holdsProcesses =
      type === "cgroup2" || (type === "cgroup" && options?.split(",").includes("name=systemd") === true);
    return holdsProcesses && mountPoint !== undefined ? [path.join(mountPoint, machineName(host))] : [];
  });
}

/** The group and all groups below it, parents first. */
async function below(group: string): Promise<string[]> {
  const entries = (await ifThere(() => readdir(group, { withFileTypes: true }))) ?? [];
  const children = entries.filter((entry) => entry.isDirectory());
  const trees = await Promise.all(children.map((child) => below(path.join(group, child.name))));
  return [group, ...trees.flat()];
}

async function processesIn(group: string): Promise<number[]> {
  const read = (directory: string): Promise<string | undefined> =>
    ifThere(() => readFile(path.join(directory, "cgroup.procs"), "utf8"));
  const lists = await Promise.all((await below(group)).map(read));
  return lists.flatMap((list) => (list ?? "").split("\n").filter(Boolean).map(Number));
}

/** The host's systemd removes its groups while we look: what is gone (ENODEV: just now) counts as empty. */
async function ifThere<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENODEV") return undefined;
    throw error;
  }
}

function killIfThere(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
