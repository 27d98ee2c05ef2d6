import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { type SandboxHost, sshHost } from "../sandbox/host/host";
import { run } from "../sandbox/log";

/** SSH logins that the hosts have accepted so far from who deploys. */
export async function loginsOf(hosts: readonly SandboxHost[]): Promise<number> {
  const counts = hosts.map(async (host) => {
    const counted = "journalctl --sync; journalctl -q -u ssh --no-pager";
    const { stdout } = await sshHost(host, `${counted} | grep -c 'Accepted publickey for deploy '`);
    return Number(stdout);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
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
  const listed = await must(
    host,
    `sed -n 's/^file [^ ]* \\([^ ]*\\) \\([^ ]*\\) [^ ]* /\\1 \\2 /p' ${manifests}`,
  );
  const files: InstalledFile[] = [];
  for (const line of listed.trim().split("\n")) {
    const [mode = "", ownership = "", file = ""] = line.split(" ");
    const [owner = "", group = ""] = ownership.split(":");
    files.push({ path: file, mode, owner, group, content: await must(host, `cat ${file}`) });
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
      await must(host, "mkdir /root/python");
      for (const name of names) {
        await must(host, `cat >/root/python/${name}`, await readFile(path.join(archives, name)));
      }
      await must(
        host,
        "apt-get install --quiet --yes --no-install-recommends /root/python/*.deb && rm -r /root/python",
      );
    }),
  );
  await rm(directory, { recursive: true });
}

/** What root's command printed. */
export async function must(host: SandboxHost, command: string, input?: Buffer): Promise<string> {
  const options = { timeout: 300_000, shared: true, ...(input === undefined ? {} : { input }) };
  const { code, stdout, stderr } = await sshHost(host, command, options);
  if (code !== 0) throw new Error(`"${command}" on the host failed:\n${stdout}${stderr}`);
  return stdout;
}
