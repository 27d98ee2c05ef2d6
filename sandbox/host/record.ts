import { readFile, readdir, rename, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cacheDir } from "../paths";
import type { ProcessId } from "../process-id";
import { type BackendName, backendNames } from "../tools/backends";
import type { DebianRelease, Image } from "./image";

/** What is known of a host between runs of the sandbox, in `host.json` of its directory. */
export interface HostRecord {
  name: string;
  subnet: number;
  release: DebianRelease;
  /** What its disk is a copy on write of. It cannot change once the host was started. */
  image: Image;
  /** Read-only trees over the image, the topmost first. */
  layers: string[];
  /** The directory that its package repository serves. */
  repository: string;
  /** What runs on it beside the services. */
  backends: readonly BackendName[];
  /** Whether the services compute next to nothing. */
  quiet?: boolean;
  /** Of a host with Grafana: the file with the login of its administrator. */
  grafanaAuthFile?: string;
  /** Directories of the host that lie on a file system of limited size. */
  limited?: { path: string; size: string };
  /** Who started it: hosts of a test run that still goes on are left alone by `down`. */
  startedBy: ProcessId;
  /** True until the first login after each start; a start that was killed leaves it so. */
  starting?: boolean;
  /** systemd-nspawn. */
  container?: ProcessId;
  /** The repository's server. */
  server?: ProcessId;
}

/** The host that `make up` starts; tests have others. */
export const mainHost = { name: "main", subnet: 0 };

export function hostsDirectory(): string {
  return path.join(cacheDir(), "hosts");
}

export function hostDirectory(name: string): string {
  return path.join(hostsDirectory(), name);
}

export async function readRecord(name: string): Promise<HostRecord | undefined> {
  try {
    const text = await readFile(path.join(hostDirectory(name), "host.json"), "utf8");
    const record = JSON.parse(text) as Omit<HostRecord, "backends"> & Partial<HostRecord>;
    // A record of before says it by Grafana's login: all or none.
    return { backends: record.grafanaAuthFile === undefined ? [] : backendNames, ...record };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export async function writeRecord(record: HostRecord): Promise<void> {
  const file = path.join(hostDirectory(record.name), "host.json");
  await writeFile(`${file}.new`, JSON.stringify(record, null, 2) + "\n");
  await rename(`${file}.new`, file);
}

/** The names of all hosts that have a directory, sorted. */
export async function hostNames(): Promise<string[]> {
  const entries = await readdir(hostsDirectory(), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
