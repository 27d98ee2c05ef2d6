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

/** Makes the groups of one part of a host and returns their directories. */
export async function makeGroups(host: string, part: "container" | "server"): Promise<string[]> {
  const groups = (await groupsOf(host)).map((group) => path.join(group, part));
  for (const group of groups) await mkdir(group, { recursive: true });
  return groups;
}

/** Kills all processes of a host. Resolves when they are gone. */
export async function killGroups(host: string): Promise<void> {
  for (const group of await groupsOf(host)) {
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
    for (const directory of (await below(group)).reverse()) await rmdir(directory);
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
  const entries = await readdir(group, { recursive: true, withFileTypes: true });
  const groups = entries.filter((entry) => entry.isDirectory());
  return [group, ...groups.map((entry) => path.join(entry.parentPath, entry.name))];
}

async function processesIn(group: string): Promise<number[]> {
  const lists = await Promise.all(
    (await below(group)).map((directory) => readFile(path.join(directory, "cgroup.procs"), "utf8")),
  );
  return lists.flatMap((list) => list.split("\n").filter(Boolean).map(Number));
}

function killIfThere(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
