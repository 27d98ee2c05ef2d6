import { mkdir, readFile, rm } from "node:fs/promises";
import * as path from "node:path";
import { lock } from "../lock";
import { UserError } from "../log";
import { bootContainer, halt, repositoryPort, serveRepository, tail } from "./boot";
import { killGroups } from "./cgroup";
import { createHost, renewHost, type HostOptions } from "./create";
import { subnet } from "./network";
import { mountsBelow, unmount } from "./overlay";
import { isRunning } from "../process-id";
import { waitFor } from "./process";
import type { SandboxHost } from "./sandbox-host";
import { hostDirectory, hostNames, hostsDirectory, readRecord, writeRecord, type HostRecord } from "./record";
import { endSharedConnection, sshHost } from "./ssh";

export type { HostOptions } from "./create";
export type { SandboxHost };
export { asRoot, loginsOf, sshHost } from "./ssh";

/**
 * Starts a host under a name and waits until one can log in; under 3 s once the image is there. A host that runs is
 * returned as it is, whatever the options. One that ended without `stopHost`, as after a power cut, is started again with
 * its disk; so is one whose start was killed.
 *
 * @param name 1 to 30 of a-z, 0-9 and -
 */
export async function startHost(name: string, options: HostOptions = {}): Promise<SandboxHost> {
  requireName(name);
  await mkdir(hostsDirectory(), { recursive: true });
  const release = await lock(`${hostDirectory(name)}.lock`);
  try {
    const known = await readRecord(name);
    if (known === undefined) {
      await remove(name); // What a killed start may have left.
      await start(await createHost(name, options));
    } else {
      const record = await renewHost(known, options);
      if ((await runs(record)) && record.starting !== true) {
        await writeRecord({ ...record, server: await serveRepository(record, known.repository) });
      } else {
        await halt(name, record);
        await start(record);
      }
    }
    return await requireHost(name);
  } finally {
    await release();
  }
}

/** The login of the administrator of the Grafana on a host with backends: `admin:PASSWORD`. */
export async function grafanaAuthOf({ name }: SandboxHost): Promise<string> {
  const file = (await readRecord(name))?.grafanaAuthFile;
  if (file === undefined) {
    throw new UserError(`The host ${name} was made without Grafana`, 'renew it ("make down" and "make up")');
  }
  return readFile(file, "utf8");
}

/** Ends a host and removes all of it. False when there was none. */
export async function stopHost(name: string): Promise<boolean> {
  requireName(name);
  if (!(await hostNames()).includes(name)) return false;
  const release = await lock(`${hostDirectory(name)}.lock`);
  try {
    await remove(name);
    return true;
  } finally {
    await release();
  }
}

/** Kills all processes of a host with SIGKILL, as a power cut does, and tidies nothing up. */
export function cutPower(host: SandboxHost): Promise<void> {
  return killGroups(host.name);
}

export interface HostStatus {
  host: SandboxHost;
  running: boolean;
  /** The process that started it, if that still runs. */
  usedBy: number | undefined;
}

/** What is known of a host; undefined when there is none of that name. */
export async function hostStatus(name: string): Promise<HostStatus | undefined> {
  const record = await readRecord(name);
  if (record === undefined) return undefined;
  return {
    host: describe(record),
    running: await runs(record),
    usedBy: (await isRunning(record.startedBy)) ? record.startedBy.pid : undefined,
  };
}

async function runs(record: HostRecord): Promise<boolean> {
  return record.container !== undefined && (await isRunning(record.container));
}

async function requireHost(name: string): Promise<SandboxHost> {
  const record = await readRecord(name);
  if (record === undefined) throw new Error(`The host ${name} has no record`);
  return describe(record);
}

function requireName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,29}$/.test(name)) return;
  throw new UserError(
    `"${name}" is no name for a host`,
    "use 1 to 30 of a-z, 0-9 and -, with a letter first",
  );
}

/** Boots the host and waits for its first login. When that fails, nothing runs; the logs stay. */
async function start(record: HostRecord): Promise<void> {
  try {
    await bootContainer(record);
    const running = (await readRecord(record.name)) ?? record;
    const [server] = await Promise.all([serveRepository(running), waitForLogin(describe(record))]);
    await writeRecord({ ...running, server, starting: false });
  } catch (error) {
    await halt(record.name, await readRecord(record.name));
    throw error;
  }
}

/** Logs in as the unprivileged user, whom the host lets in last, and waits until systemd has started everything. */
async function waitForLogin(host: SandboxHost): Promise<void> {
  const command = "systemctl is-system-running --wait";
  let last = "";
  const state = await waitFor(
    async () => {
      const result = await sshHost(host, command, { user: "deploy", timeout: 30_000 });
      last = result.stdout + result.stderr;
      return result.code === 255 ? undefined : result.stdout.trim();
    },
    20_000,
    20,
  );
  if (state !== undefined) return;
  const log = path.join(host.directory, "logs", "console.log");
  throw new Error(`The host ${host.name} lets nobody in: ${last}\n${await tail(log)}\n(${log})`);
}

async function remove(name: string): Promise<void> {
  const directory = hostDirectory(name);
  await endSharedConnection(directory);
  await killGroups(name); // Nothing on it stays: what it runs need not put anything in order.
  await halt(name, await readRecord(name));
  for (const mountPoint of (await mountsBelow(directory)).reverse()) await unmount(mountPoint);
  await rm(directory, { recursive: true, force: true });
}

function describe(record: HostRecord): SandboxHost {
  const { gateway, address } = subnet(record.subnet);
  return {
    name: record.name,
    address,
    gateway,
    hostKey: record.image.hostKey,
    users: ["root", "deploy"],
    privateKeyFile: record.image.privateKeyFile,
    repositoryUrl: `http://${gateway}:${repositoryPort}`,
    backends: record.backends,
    directory: hostDirectory(record.name),
  };
}
