import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import program from "../index";
import { mendAutomation } from "../operations/automation";
import { grafanaAuthOf, type SandboxHost } from "./host/host";
import { run } from "./log";
import { cacheDir, contentKey, projectRoot, publish } from "./paths";
import { type BackendName, backendNames } from "./tools/backends";
import { engineEnvironment, ensurePulumiHome } from "./plugins/install";
import { ensurePulumi, type Tool } from "./tools/toolchain";

const project = "soar-profiling";

/** Plain configuration of a stack, by key without the namespace. */
export type StackConfig = Record<string, unknown>;

/** What a stack is opened with. */
export interface StackOptions {
  /** @default "sandbox" */
  name?: string;
  config: StackConfig;
  /** Secret values, by key without the namespace. */
  secrets?: Record<string, string>;
  /** The program. @default the project's index.ts */
  program?: PulumiFn;
  /** Where the state and the work files of the stack are. */
  directory: string;
}

/**
 * A stack of this project in the Automation API: the program runs in this process, as `pulumi up` would run it; the
 * state is a file backend in `directory`. The user's own Pulumi home and login are not touched.
 * @param opened the same stack as it was opened before: only its settings are written again
 */
export async function openStack(options: StackOptions, opened?: Stack): Promise<Stack> {
  mendAutomation();
  const name = options.name ?? "sandbox";
  const workDir = workDirectory(options.directory, name);
  await mkdir(workDir, { recursive: true });
  await mkdir(stateDirectory(options.directory), { recursive: true });
  const projectFile = await readFile(path.join(projectRoot, "Pulumi.yaml"), "utf8");
  // The program is in this process, not in the folder.
  await writeFile(path.join(workDir, "Pulumi.yaml"), projectFile.replace(/^main: .*\n/m, ""));
  const file = stackFileOf(options);
  const missing = await writeConfig(file, options);
  const pulumi = await ensurePulumi();
  const envVars = {
    ...engineEnvironment((await ensurePulumiHome(pulumi)).home),
    ...stateEnvironment(options.directory),
  };
  const stack =
    opened ??
    (await LocalWorkspace.createOrSelectStack(
      { stackName: name, projectName: project, program: options.program ?? (() => program(workDir)) },
      { workDir, pulumiCommand: await pulumiCommand(pulumi), envVars },
    ));
  if (missing) {
    // On standard input: the Automation API would pass them on a command line.
    for (const [key, input] of Object.entries(options.secrets ?? {})) {
      const set = ["config", "set", "--secret", "--stack", name, `${project}:${key}`];
      await run(pulumi.path, set, { cwd: workDir, env: envVars, input });
    }
  }
  return stack;
}

/** What the engine needs to find the state of the stacks with this directory. */
export function stateEnvironment(directory: string): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: `file://${stateDirectory(directory)}`,
    PULUMI_CONFIG_PASSPHRASE: "sandbox",
  };
}

function stateDirectory(directory: string): string {
  return path.join(directory, "state");
}

/** The file with the settings of a stack. */
export function stackFileOf({ directory, name = "sandbox" }: StackOptions): string {
  return stackFile(workDirectory(directory, name), name);
}

/** Pulumi as the Automation API takes it: as `bin/pulumi` of a folder, whatever the folder of an installed one is called. */
export async function pulumiCommand(pulumi: Tool): Promise<PulumiCommand> {
  const root = path.join(cacheDir(), "pulumi-command", contentKey([pulumi.path]));
  await publish(root, async (temporary) => {
    await mkdir(path.join(temporary, "bin"));
    await symlink(pulumi.path, path.join(temporary, "bin", "pulumi"));
  });
  return PulumiCommand.get({ root });
}

/** The configuration of the stack `sandbox`, completed with what only a running host tells. */
export async function sandboxConfig(host: SandboxHost, fingerprint: string): Promise<StackConfig> {
  const all = plainConfig(await readFile(path.join(projectRoot, "Pulumi.sandbox.yaml"), "utf8"));
  return {
    ...declarable(all, host.backends),
    host: { address: host.address, user: "deploy", hostKey: host.hostKey },
    repository: { url: host.repositoryUrl, keyUrl: `${host.repositoryUrl}/key.asc`, fingerprint },
  };
}

/** The settings without those of what does not run on the host. */
export function declarable(all: StackConfig, backends: readonly BackendName[]): StackConfig {
  const signals = { loki: "logs", tempo: "traces", grafana: "grafana" };
  const missing = backendNames.filter((name) => !backends.includes(name));
  const left = missing.map((name) => signals[name]);
  const there = Object.entries(all).filter(([key]) => !left.includes(key));
  return Object.fromEntries(
    there.map(([key, value]) => {
      if (key !== "grafana" || !missing.includes("tempo")) return [key, value];
      // Tempo is the only one that the stack names.
      const rest = Object.entries(value as object).filter(([name]) => name !== "datasources");
      return [key, Object.fromEntries(rest)];
    }),
  );
}

/** A unit is declared for its journal: where that is sent nowhere, the settings would be warned of. */
export function withoutUnusedUnits(all: StackConfig): StackConfig {
  if ("logs" in all) return all;
  const services = (all["services"] as object[]).map((service) =>
    Object.fromEntries(Object.entries(service).filter(([key]) => key !== "unit")),
  );
  return { ...all, services };
}

/** The configuration that the stack `sandbox` was last opened with; undefined when it never was. */
export async function appliedConfig(directory: string): Promise<StackConfig | undefined> {
  const file = stackFile(workDirectory(directory, "sandbox"), "sandbox");
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : plainConfig(text);
}

/** What a stack's file says in plain, by key without the namespace. */
function plainConfig(text: string): StackConfig {
  const { config } = parse(text) as { config: StackConfig };
  const isSecret = (value: unknown): boolean =>
    typeof value === "object" && value !== null && "secure" in value;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => !isSecret(value))
      .map(([key, value]) => [key.slice(project.length + 1), value]),
  );
}

function workDirectory(directory: string, name: string): string {
  return path.join(directory, "work", name);
}

function stackFile(workDir: string, name: string): string {
  return path.join(workDir, `Pulumi.${name}.yaml`);
}

/** The secrets of the stack `sandbox`. */
export async function sandboxSecrets(host: SandboxHost): Promise<Record<string, string>> {
  return {
    sshPrivateKey: await readFile(host.privateKeyFile, "utf8"),
    ...(host.backends.includes("grafana") ? { grafanaAuth: await grafanaAuthOf(host) } : {}),
  };
}

/**
 * Writes the stack's file, keeping the encrypted part when there is one. True when the secrets are still to be set.
 */
async function writeConfig(file: string, { config, secrets }: StackOptions): Promise<boolean> {
  const old = await readFile(file, "utf8").catch(() => "");
  const before = (parse(old) ?? {}) as { encryptionsalt?: string; config?: Record<string, unknown> };
  const keys = Object.keys(secrets ?? {}).map((key) => `${project}:${key}`);
  const kept = keys.filter((key) => before.config?.[key] !== undefined);
  const text = stringify({
    ...(before.encryptionsalt === undefined ? {} : { encryptionsalt: before.encryptionsalt }),
    config: {
      ...Object.fromEntries(Object.entries(config).map(([key, value]) => [`${project}:${key}`, value])),
      ...Object.fromEntries(kept.map((key) => [key, before.config?.[key]])),
    },
  });
  if (text !== old) await writeFile(file, text);
  return kept.length < keys.length;
}
