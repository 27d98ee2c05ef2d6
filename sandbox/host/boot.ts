import { existsSync } from "node:fs";
import { mkdir, readFile, rm, rmdir, stat } from "node:fs/promises";
import * as path from "node:path";
import { lock } from "../lock";
import { run, UserError } from "../log";
import { killGroups, machineName, makeGroups, removeGroups } from "./cgroup";
import { connect, disconnect, requireFree, subnet } from "./network";
import { diskOf, mountDisk, mountsBelow, unmount } from "./overlay";
import { isRunning, type ProcessId } from "../process-id";
import { end, startDetached, waitFor } from "./process";
import { hostDirectory, hostsDirectory, writeRecord, type HostRecord } from "./record";

/** The port of the package repository on the host's gateway. */
export const repositoryPort = 8077;

/** Where a file system of limited size is mounted outside, to be bound into the host. */
function limitedDirectory(directory: string): string {
  return path.join(directory, "limited");
}

/** Starts systemd-nspawn on the host's disk and connects the host to this machine. */
export async function bootContainer(record: HostRecord): Promise<void> {
  const directory = hostDirectory(record.name);
  const network = subnet(record.subnet);
  await requireFree(network);
  if (!existsSync(record.image.rootfs)) {
    throw new UserError(`The image of the host ${record.name} is gone`, 'run "make down" and "make up"');
  }
  const root = await mountDisk(directory, [...record.layers, record.image.rootfs]);
  const nspawn = [
    "systemd-nspawn",
    "--quiet",
    "--boot",
    `--directory=${root}`,
    `--machine=${machineName(record.name)}`,
    `--hostname=soar-${record.name}`,
    "--register=no",
    "--keep-unit",
    "--private-network",
    `--network-veth-extra=${network.interface}:host0`,
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=read-only",
    ...(await limitArguments(record, root)),
  ];
  const log = path.join(directory, "logs", "console.log");
  const release = await lockNspawn();
  try {
    const container = await startDetached(nspawn, await makeGroups(record.name, "container"), log);
    await writeRecord({ ...record, starting: true, container });
    if (await connect(network, directory)) return;
    throw new Error(`The host ${record.name} did not start; its console:\n${await tail(log)}`);
  } finally {
    await release();
  }
}

/** Starts the package repository's server, unless it runs and serves the same already. */
export async function serveRepository(
  record: HostRecord,
  served: string = record.repository,
): Promise<ProcessId> {
  if (record.server !== undefined && (await isRunning(record.server))) {
    if (served === record.repository) return record.server;
    await end(record.server, 2000);
  }
  await killGroups(record.name, "server"); // One that was started by a killed run is in no record.
  const { gateway } = subnet(record.subnet);
  const log = path.join(hostDirectory(record.name), "logs", "repository.log");
  const script = path.join("sandbox", "packages", "server.ts");
  const server = await startDetached(
    [process.execPath, "--require", "tsx/cjs", script, gateway, String(repositoryPort), record.repository],
    await makeGroups(record.name, "server"),
    log,
  );
  const listens = await waitFor(async () => {
    if ((await tail(log)).includes("serving ")) return true;
    return (await isRunning(server)) ? undefined : false;
  }, 10_000);
  if (listens === true) return server;
  throw new UserError(
    `The package repository cannot listen on ${gateway}:${repositoryPort} (${(await tail(log)).trim()})`,
    `end what holds the port ("ss -ltnp sport = :${repositoryPort}") and try again`,
  );
}

/** Ends what runs for a host and takes its disk out of use; its files stay. */
export async function halt(name: string, record: HostRecord | undefined): Promise<void> {
  const directory = hostDirectory(name);
  if (record?.container !== undefined) await end(record.container, 8000);
  if (record?.server !== undefined) await end(record.server, 2000);
  await removeGroups(name);
  if (record !== undefined) await disconnect(subnet(record.subnet), directory);
  const { root } = diskOf(directory);
  if ((await mountsBelow(directory)).includes(root)) {
    await removeLock(root);
    await unmount(root);
  }
  await removeTraces(machineName(name));
}

const nspawnDirectory = "/run/systemd/nspawn";

/** systemd-nspawn locks the disk by its inode, and leaves the file behind when it is killed. */
async function removeLock(root: string): Promise<void> {
  const { dev, ino } = await stat(root);
  await rm(path.join(nspawnDirectory, "locks", `inode-${dev}:${ino}`), { force: true });
}

/** The same for its directories; those that all containers share go when they are empty. */
async function removeTraces(machine: string): Promise<void> {
  const directories = [
    `propagate/${machine}`,
    `unix-export/${machine}`,
    "propagate",
    "unix-export",
    "locks",
    "",
  ];
  const release = await lockNspawn();
  try {
    for (const directory of directories) {
      await rmdir(path.join(nspawnDirectory, directory)).catch((error: unknown) => {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
      });
    }
  } finally {
    await release();
  }
}

/** A container that starts makes its directories one by one: none may be removed in between. */
function lockNspawn(): Promise<() => Promise<void>> {
  return lock(path.join(hostsDirectory(), "nspawn.lock"));
}

async function limitArguments(record: HostRecord, root: string): Promise<string[]> {
  if (record.limited === undefined) return [];
  const outside = limitedDirectory(hostDirectory(record.name));
  if (!(await mountsBelow(hostDirectory(record.name))).includes(outside)) {
    await mkdir(outside, { recursive: true });
    await run("mount", ["-t", "tmpfs", "-o", `size=${record.limited.size},mode=0755`, "tmpfs", outside]);
    const original = path.join(root, record.limited.path);
    if (existsSync(original)) await run("cp", ["-a", `${original}/.`, outside]);
  }
  return [`--bind=${outside}:${record.limited.path}`];
}

/** The end of a log. */
export async function tail(file: string): Promise<string> {
  return (await readFile(file, "utf8").catch(() => "")).slice(-2000);
}
