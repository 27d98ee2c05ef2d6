import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { type SandboxHost } from "../sandbox/host/host";
import { knownHostsFile } from "../sandbox/host/ssh";
import { run, UserError } from "../sandbox/log";
import { cacheDir, contentKey, publish } from "../sandbox/paths";
import type { Contender, Declared } from "./contender";
import { type InstalledFile, loginsOfAll } from "./host";

const source = path.join(__dirname, "ansible");

/** What is on one host. */
export interface HostContent {
  /** `name=version`. */
  packages: string[];
  /** What the stack has put there. */
  files: InstalledFile[];
}

/**
 * Ansible as its users have it fast: pipelining, a persistent connection, forks, no facts. It copies the very files that the
 * stack has rendered.
 * @param contentOf what is on each host, in the order of the hosts
 */
export async function ansibleOn(
  hosts: readonly SandboxHost[],
  contentOf: (declared: Declared) => Promise<readonly HostContent[]>,
): Promise<Contender> {
  const python = path.join(await ensureAnsible(), "bin", "python3");
  const [first] = hosts;
  if (first === undefined) throw new Error("There is no host");
  const directory = path.join(first.directory, "ansible");
  await mkdir(path.join(directory, "host_vars"), { recursive: true });
  for (const name of ["ansible.cfg", "playbook.yml"]) {
    await copyFile(path.join(source, name), path.join(directory, name));
  }
  const lines = hosts.map((host) => {
    const login = `ansible_user=deploy ansible_ssh_private_key_file=${host.privateKeyFile}`;
    const options = `ansible_ssh_extra_args='-o UserKnownHostsFile=${knownHostsFile(host.directory)}'`;
    return `${host.address} ${login} ${options}\n`;
  });
  await writeFile(path.join(directory, "inventory"), lines.join(""));
  return {
    name: "Ansible",
    changedNothing: /^(?![^]*changed=[1-9])[^]*changed=0/,
    prepare: async (action, declared) => {
      const contents = await contentOf(declared);
      await Promise.all(hosts.map((host, index) => writeVariables(directory, host, contents[index])));
      const asked = action === "ask" ? ["--check", "--diff"] : [];
      const args = ["-m", "ansible", "playbook", "playbook.yml", ...asked];
      const env = {
        LC_ALL: "C.UTF-8",
        ANSIBLE_HOME: path.join(directory, "home"),
        ANSIBLE_CONFIG: undefined,
      };
      return async () => (await run(python, args, { cwd: directory, env, timeout: 900_000 })).stdout;
    },
    logins: () => loginsOfAll(hosts),
  };
}

/** The version that is compared. */
export async function ansibleVersion(): Promise<string> {
  const requirements = await readFile(path.join(source, "requirements.txt"), "utf8");
  return /^ansible-core==(.+)$/m.exec(requirements)?.[1] ?? "";
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
  { address, repositoryUrl }: SandboxHost,
  content: HostContent | undefined,
): Promise<void> {
  const { packages = [], files = [] } = content ?? {};
  const sources = path.join(directory, "files", address);
  await mkdir(sources, { recursive: true });
  const described = files.map(async ({ content: text, ...file }) => {
    const copy = path.join(sources, file.path.replaceAll("/", "_"));
    await writeFile(copy, text, { mode: 0o600 });
    return { ...file, source: copy, ...treatmentOf(file.path) };
  });
  const services = packages.map((name) => name.replace(/=.*/, ""));
  const variables = {
    repository_url: repositoryUrl,
    repository_key: await (await fetch(`${repositoryUrl}/key.asc`)).text(),
    packages,
    services,
    // Pyroscope's and Alloy's packages bring these.
    packaged: ["/etc/alloy", "/etc/pyroscope", "/etc/default", "/etc/caddy"],
    files: await Promise.all(described),
  };
  await writeFile(path.join(directory, "host_vars", `${address}.json`), JSON.stringify(variables));
}

interface Treatment {
  /** The command that has to accept the file, `%s`, before it takes the old one's place. */
  validate?: string;
  /** What has to be done after a change. */
  handlers: string[];
}

/** The same as the stack does. */
function treatmentOf(file: string): Treatment {
  if (file.endsWith(".alloy")) {
    return { validate: "/usr/bin/alloy validate %s", handlers: ["reload alloy", "alloy is ready"] };
  }
  if (file.startsWith("/etc/pyroscope/")) {
    return {
      validate: "/usr/bin/pyroscope -config.file %s -modules",
      handlers: ["restart pyroscope", "pyroscope is ready"],
    };
  }
  if (file.startsWith("/etc/caddy/")) return { handlers: ["reload caddy"] };
  if (file.includes("pyroscope.service.d")) return { handlers: ["restart pyroscope", "pyroscope is ready"] };
  return { handlers: ["restart alloy", "alloy is ready"] };
}
