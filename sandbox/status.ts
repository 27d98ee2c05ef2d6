import { readdir, readFile } from "node:fs/promises";
import * as path from "node:path";
import { hostStatus } from "./host/host";
import { hostNames, readRecord } from "./host/record";
import { cacheDir } from "./paths";

/** Prints what the sandbox runs: hosts, addresses, versions. */
export async function showStatus(): Promise<void> {
  const names = await hostNames();
  if (names.length === 0) console.log('Nothing is running; "make up" starts the sandbox.');
  for (const name of names) printTable(await describeHost(name));
}

async function describeHost(name: string): Promise<[string, string][]> {
  const status = await hostStatus(name);
  const record = await readRecord(name);
  if (status === undefined || record === undefined) return [["host", `${name}, never started completely`]];
  const { host, running, usedBy } = status;
  const state = running ? "runs" : 'was cut off ("make up" starts it again, "make down" removes it)';
  const inUse = usedBy === undefined || usedBy === process.pid ? "" : `, used by process ${usedBy}`;
  const rows: [string, string][] = [
    ["host", `${name} ${state}${inUse}`],
    ["address", `${host.address}, users ${host.users.join(" and ")}, host key ${host.hostKey}`],
    ["system", `Debian ${await debianVersion(record.image.rootfs)}`],
    ["prometheus", `http://${host.address}:9090`],
    ["packages", `${host.repositoryUrl}: ${(await debsIn(record.repository)).join(", ")}`],
    ["logs", path.join(host.directory, "logs")],
    ["cache", cacheDir()],
  ];
  return rows;
}

async function debianVersion(rootfs: string): Promise<string> {
  return (await readFile(path.join(rootfs, "etc/debian_version"), "utf8").catch(() => "unknown")).trim();
}

/** The packages of a repository, as `name version`. */
async function debsIn(repository: string): Promise<string[]> {
  const files = await readdir(repository, { recursive: true }).catch(() => []);
  return files
    .filter((file) => file.endsWith(".deb"))
    .map((file) => path.basename(file).split("_").slice(0, 2).join(" "))
    .sort();
}

/** Rows of name and value, aligned. */
export function printTable(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
  console.log();
}
