import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { asRoot, loginsOf, type SandboxHost } from "../sandbox/host/host";
import { run } from "../sandbox/log";

/** No command of root takes longer. */
export const bounded = { timeout: 300_000 };

/** SSH logins that all hosts have accepted so far from who deploys. */
export async function loginsOfAll(hosts: readonly SandboxHost[]): Promise<number> {
  return (await Promise.all(hosts.map(loginsOf))).reduce((sum, count) => sum + count, 0);
}

/** A file as the stack put it on a host. */
export interface InstalledFile {
  path: string;
  owner: string;
  group: string;
  /** Octal. */
  mode: string;
  content: string;
}

/** All files that the stack has put on a host. */
export async function installedFiles(host: SandboxHost): Promise<InstalledFile[]> {
  const manifests = "/var/lib/soar-profiling/sandbox/*/manifest";
  const listed = await asRoot(
    host,
    `sed -n 's/^file [^ ]* \\([^ ]*\\) \\([^ ]*\\) [^ ]* /\\1 \\2 /p' ${manifests}`,
    bounded,
  );
  const files: InstalledFile[] = [];
  for (const line of listed.trim().split("\n")) {
    const [mode = "", ownership = "", file = ""] = line.split(" ");
    const [owner = "", group = ""] = ownership.split(":");
    files.push({ path: file, mode, owner, group, content: await asRoot(host, `cat ${file}`, bounded) });
  }
  return files;
}

/** What the sandbox's host does not have and Ansible's modules need; the stack needs neither. */
const pythonPackages = ["python3", "python3-apt"];

/** Installs Python from Debian's packages, which are fetched on this machine: the hosts themselves reach no mirror. */
export async function installPython(hosts: readonly SandboxHost[], work: string): Promise<void> {
  const directory = await mkdtemp(path.join(work, "python-"));
  const options = ["--mode=root", "--variant=extract", "--skip=cleanup"];
  const include = `--include=${pythonPackages.join(",")}`;
  await run("unshare", ["--mount", "mmdebstrap", ...options, include, "trixie", directory], {
    timeout: 300_000,
  });
  const archives = path.join(directory, "var/cache/apt/archives");
  const names = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  if (names.length === 0) throw new Error(`mmdebstrap has left no packages in ${archives}`);
  await Promise.all(
    hosts.map(async (host) => {
      await asRoot(host, "mkdir /root/python", bounded);
      for (const name of names) {
        const input = await readFile(path.join(archives, name));
        await asRoot(host, `cat >/root/python/${name}`, { ...bounded, input });
      }
      await asRoot(
        host,
        "apt-get install --quiet --yes --no-install-recommends /root/python/*.deb && rm -r /root/python",
        bounded,
      );
    }),
  );
  await rm(directory, { recursive: true });
}
