import { readFile, readdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { type SandboxHost, sshHost } from "../sandbox/host/host";
import { run } from "../sandbox/log";

/** SSH logins that the host has accepted so far. */
export async function loginsOf(host: SandboxHost): Promise<number> {
  const { stdout } = await sshHost(
    host,
    "journalctl --sync; journalctl -q -u ssh --no-pager | grep -c 'Accepted publickey'",
  );
  return Number(stdout);
}

/** What the sandbox's host does not have and Ansible's modules need; the stack needs neither. */
const pythonPackages = ["python3", "python3-apt"];

/** Installs Python from Debian's packages, which are fetched on this machine: the host itself reaches no mirror. */
export async function installPython(host: SandboxHost): Promise<void> {
  const directory = path.join(host.directory, "python");
  const options = ["--mode=root", "--variant=extract", "--skip=cleanup"];
  const include = `--include=${pythonPackages.join(",")}`;
  await run("unshare", ["--mount", "mmdebstrap", ...options, include, "trixie", directory], {
    timeout: 300_000,
  });
  const archives = path.join(directory, "var/cache/apt/archives");
  const names = (await readdir(archives)).filter((name) => name.endsWith(".deb"));
  if (names.length === 0) throw new Error(`mmdebstrap has left no packages in ${archives}`);
  await must(host, "mkdir /root/python");
  for (const name of names) {
    await must(host, `cat >/root/python/${name}`, await readFile(path.join(archives, name)));
  }
  await must(
    host,
    "apt-get install --quiet --yes --no-install-recommends /root/python/*.deb && rm -r /root/python",
  );
  await rm(directory, { recursive: true });
}

async function must(host: SandboxHost, command: string, input?: Buffer): Promise<void> {
  const options = { timeout: 300_000, ...(input === undefined ? {} : { input }) };
  const { code, stdout, stderr } = await sshHost(host, command, options);
  if (code !== 0) throw new Error(`"${command}" on the host failed:\n${stdout}${stderr}`);
}
