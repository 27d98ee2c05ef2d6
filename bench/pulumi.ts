import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { prepareIngredients } from "../sandbox/host/prepare";
import { type SandboxHost, sshHost } from "../sandbox/host/host";
import { run } from "../sandbox/log";
import { projectRoot } from "../sandbox/paths";
import { sandboxConfig, type StackConfig, type StackOptions } from "../sandbox/stack";
import type { Contender } from "./contender";
import { loginsOf } from "./host";

/** A file as the stack put it on the host. */
export interface InstalledFile {
  path: string;
  owner: string;
  group: string;
  /** Octal. */
  mode: string;
  content: string;
}

/** What the stack `sandbox` has beside the profiles. */
const beside = ["prometheus", "logs", "traces", "grafana"];

/** The stack `sandbox` of this project, with nothing but profiles. */
export async function pulumiOn(host: SandboxHost): Promise<Contender> {
  const { repository } = await prepareIngredients();
  const all = Object.entries(await sandboxConfig(host, repository.fingerprint));
  const config = Object.fromEntries(all.filter(([key]) => !beside.includes(key)));
  const options: StackOptions = {
    config,
    secrets: { sshPrivateKey: await readFile(host.privateKeyFile, "utf8") },
    directory: host.directory,
  };
  const child = ["--import", "tsx", path.join(__dirname, "pulumi-up.ts")];
  return {
    name: "soar-profiling",
    changedNothing: /^{"same":\d+}$/,
    apply: async (label) => {
      const input = JSON.stringify({ ...options, config: labelled(config, label) });
      const { stdout } = await run(process.execPath, child, { cwd: projectRoot, input, timeout: 300_000 });
      return stdout;
    },
    logins: () => loginsOf(host),
  };
}

function labelled(config: StackConfig, label: string): StackConfig {
  const services = config["services"] as { name: string; labels?: Record<string, string> }[];
  return {
    ...config,
    services: services.map((service) =>
      service.name === "soar-run" ? { ...service, labels: { ...service.labels, bench: label } } : service,
    ),
  };
}

/** All files of Pyroscope and Alloy on the host. */
export async function installedFiles(host: SandboxHost): Promise<InstalledFile[]> {
  const manifests = "/var/lib/soar-profiling/sandbox/*/manifest";
  const { stdout } = await sshHost(
    host,
    `sed -n 's/^file [^ ]* \\([^ ]*\\) \\([^ ]*\\) [^ ]* /\\1 \\2 /p' ${manifests}`,
  );
  return Promise.all(
    stdout
      .trim()
      .split("\n")
      .map(async (line) => {
        const [mode = "", ownership = "", file = ""] = line.split(" ");
        const [owner = "", group = ""] = ownership.split(":");
        return { path: file, mode, owner, group, content: (await sshHost(host, `cat ${file}`)).stdout };
      }),
  );
}
