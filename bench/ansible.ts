import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { type SandboxHost } from "../sandbox/host/host";
import { knownHostsFile } from "../sandbox/host/ssh";
import { run, UserError } from "../sandbox/log";
import { cacheDir, contentKey, publish } from "../sandbox/paths";
import type { Contender } from "./contender";
import { loginsOf } from "./host";
import type { InstalledFile } from "./pulumi";

const source = path.join(__dirname, "ansible");

/**
 * Ansible as its users have it fast: pipelining, a persistent connection, no facts. It copies the very files that the
 * stack has rendered.
 * @param filesOf the files with a label of the service `soar-run`
 */
export async function ansibleOn(
  host: SandboxHost,
  packages: string[],
  filesOf: (label: string) => InstalledFile[],
): Promise<Contender> {
  const python = path.join(await ensureAnsible(), "bin", "python3");
  const directory = path.join(host.directory, "ansible");
  await mkdir(directory, { recursive: true });
  for (const name of ["ansible.cfg", "playbook.yml"]) {
    await copyFile(path.join(source, name), path.join(directory, name));
  }
  const login = `ansible_user=deploy ansible_ssh_private_key_file=${host.privateKeyFile}`;
  const options = `ansible_ssh_extra_args='-o UserKnownHostsFile=${knownHostsFile(host.directory)}'`;
  await writeFile(path.join(directory, "inventory"), `${host.address} ${login} ${options}\n`);
  return {
    name: "Ansible",
    changedNothing: /changed=0/,
    apply: async (label) => {
      await writeVariables(directory, { packages, repository_url: host.repositoryUrl }, filesOf(label));
      const args = ["-m", "ansible", "playbook", "-i", "inventory", "-e", "@variables.json", "playbook.yml"];
      const { stdout } = await run(python, args, {
        cwd: directory,
        env: { LC_ALL: "C.UTF-8", ANSIBLE_HOME: path.join(directory, "home"), ANSIBLE_CONFIG: undefined },
        timeout: 300_000,
      });
      return (/ok=\d+ +changed=\d+/.exec(stdout) ?? [""])[0];
    },
    logins: () => loginsOf(host),
  };
}

/** The version that `requirements.txt` pins, in a virtual environment in the cache. */
async function ensureAnsible(): Promise<string> {
  const requirements = path.join(source, "requirements.txt");
  const directory = path.join(cacheDir(), "ansible", contentKey([await readFile(requirements)]));
  return publish(directory, async (temporary) => {
    await run("python3", ["-m", "venv", "--copies", temporary], { timeout: 120_000 }).catch(
      (error: unknown) => {
        throw new UserError(
          `no virtual environment (${String(error)})`,
          "install python3-venv 3.11 or later",
        );
      },
    );
    const python = path.join(temporary, "bin", "python3");
    await run(
      python,
      ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements],
      {
        timeout: 600_000,
      },
    );
  });
}

async function writeVariables(
  directory: string,
  variables: Record<string, unknown>,
  files: readonly InstalledFile[],
): Promise<void> {
  await mkdir(path.join(directory, "files"), { recursive: true });
  const described = files.map(async ({ content, ...file }) => {
    const copy = path.join(directory, "files", file.path.replaceAll("/", "_"));
    await writeFile(copy, content);
    return { ...file, source: copy, handler: handlerOf(file.path) };
  });
  const text = JSON.stringify({ ...variables, files: await Promise.all(described) });
  await writeFile(path.join(directory, "variables.json"), text);
}

/** What has to be done after a change of a file: the same as the stack does. */
function handlerOf(file: string): string {
  if (file.startsWith("/etc/alloy/")) return "reload alloy";
  return file.includes("pyroscope") ? "restart pyroscope" : "restart alloy";
}
