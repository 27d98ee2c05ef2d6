import { appendFile, readFile } from "node:fs/promises";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import type { Deployment, OutputMap, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { afterAll, expect } from "vitest";
import type { DeclaredService } from "../../../operations/arrivals";
import type { HostsReport } from "../../../operations/verify/hosts";
import type { Report } from "../../../operations/verify/verify";
import {
  asRoot,
  hostStatus,
  loginsOf,
  sshHost,
  startHost,
  stopHost,
  type HostOptions,
  type SandboxHost,
} from "../../../sandbox/host/host";
import { prepareIngredients } from "../../../sandbox/host/prepare";
import { run, UserError } from "../../../sandbox/log";
import { projectRoot } from "../../../sandbox/paths";
import { openStack, sandboxConfig, type StackConfig } from "../../../sandbox/stack";
import { ensurePulumi } from "../../../sandbox/tools/toolchain";
import { askNothingMore, countChanges } from "./changes";
import { keepEvidence } from "./evidence";

/** What an `up` did. */
export interface Up {
  /** What the engine printed. */
  text: string;
  /** How many resources had each operation, such as `{ same: 22, update: 1 }`. */
  changes: Record<string, number>;
}

/** A command, and where and with what it runs. */
export interface OperationLine {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** What the stack `sandbox` has beside the profiles: a test has it only when it says so. */
const observability = ["prometheus", "logs", "traces", "grafana"];

/** A stack of this project on a host of its own, as a test uses it. */
export class TestStack {
  /** @default the project's */
  program: PulumiFn | undefined;
  /** With the program that it was opened for. */
  private opened: { stack: Stack; program: PulumiFn | undefined } | undefined;
  private changedSecrets: Record<string, string> = {};

  private constructor(
    readonly host: SandboxHost,
    private readonly stackName: string,
    private config: StackConfig,
    private secrets: Record<string, string>,
  ) {}

  /**
   * A fresh host, and a stack for it that is not up yet. Both end with the test file. Its services are quiet, where nobody
   * says that their load matters.
   */
  static async create(
    name: string,
    options: { config?: StackConfig; host?: HostOptions } = {},
  ): Promise<TestStack> {
    await endLeft(name);
    const host = await startHost(name, { quiet: true, ...options.host });
    // First, so that it is done last: evidence is kept before.
    afterAll(() => stopHost(name), 60_000);
    return TestStack.on(host, { environment: "sandbox", ...options.config });
  }

  /** A further stack on a host. */
  static async on(host: SandboxHost, config: StackConfig, stackName = "sandbox"): Promise<TestStack> {
    const { repository } = await prepareIngredients(host);
    const sandbox = await sandboxConfig(host, repository.fingerprint);
    const base = Object.fromEntries(Object.entries(sandbox).filter(([key]) => !observability.includes(key)));
    const secrets = { sshPrivateKey: await readFile(host.privateKeyFile, "utf8") };
    const stack = new TestStack(host, stackName, { ...base, ...config }, secrets);
    keepEvidence(host, stack.logFile);
    return stack;
  }

  /**
   * Changes settings; `undefined` removes one. They count from the next command on.
   * @param secrets by key, or by path as in `services[0].labels.token`
   */
  configure(changes: StackConfig, secrets: Record<string, string> = {}): void {
    this.config = Object.fromEntries(
      Object.entries({ ...this.config, ...changes }).filter(([, value]) => value !== undefined),
    );
    this.secrets = { ...this.secrets, ...secrets };
    this.changedSecrets = { ...this.changedSecrets, ...secrets };
  }

  /** The next command selects the stack anew, as each command of a user does: where its time is measured. */
  close(): void {
    this.opened = undefined;
  }

  /** From the next command on. */
  removeSecret(key: string): void {
    this.secrets = Object.fromEntries(Object.entries(this.secrets).filter(([name]) => name !== key));
  }

  /** The services that it is set to profile. */
  declared(): DeclaredService[] {
    const services = this.config["services"] as { name: string; profiles?: string[] }[];
    const environment = String(this.config["environment"]);
    return services.map(({ name, profiles = ["cpu"] }) => ({ name, environment, profiles }));
  }

  /** A setting as it is now. */
  setting(key: string): unknown {
    return this.config[key];
  }

  /** `target` and `replace` are URNs, as with the flags of these names; `continueOnError` as with its flag. */
  async up(options: { target?: string[]; replace?: string[]; continueOnError?: boolean } = {}): Promise<Up> {
    const stack = await this.open();
    const { onEvent, changes } = countChanges();
    const quiet = { suppressProgress: true, color: "never", onOutput: this.log } as const;
    const { stdout, stderr } = await stack.up({ ...quiet, onEvent, ...options });
    return { text: stdout + stderr, changes: changes() };
  }

  /** The stack's outputs, secrets decrypted. */
  async outputs(): Promise<OutputMap> {
    const { workspace, name } = await this.open();
    return workspace.stackOutputs(name);
  }

  /** An `up` that must fail; returns all that the engine said. */
  async upFails(options: { continueOnError?: boolean } = {}): Promise<string> {
    const stack = await this.open();
    const error: unknown = await stack
      .up({ suppressProgress: true, color: "never", onOutput: this.log, ...options })
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(error, "the `up` should have failed").toBeInstanceOf(Error);
    return String(error);
  }

  /** What `pulumi preview --diff` prints; `refresh` and `runProgram` as with the flags of these names. */
  async preview(
    options: { refresh?: boolean; runProgram?: boolean } = {},
  ): Promise<{ text: string; changes: Record<string, number> }> {
    const stack = await this.open();
    const result = await stack.preview({ diff: true, color: "never", onOutput: this.log, ...options });
    return { text: `${result.stdout}\n${result.stderr}`, changes: result.changeSummary };
  }

  /** A preview that must fail; returns all that the engine said, and its errors by the name of the resource. */
  async previewFails(): Promise<{ text: string; errors: Record<string, string> }> {
    const stack = await this.open();
    const errors: Record<string, string> = {};
    const failure: unknown = await stack
      .preview({
        diff: true,
        color: "never",
        onOutput: this.log,
        onEvent: ({ diagnosticEvent }) => {
          if (diagnosticEvent?.severity !== "error") return;
          const name = diagnosticEvent.urn?.split("::").at(-1) ?? "";
          errors[name] = (errors[name] ?? "") + diagnosticEvent.message;
        },
      })
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(failure, "the preview should have failed").toBeInstanceOf(Error);
    return { text: String(failure), errors };
  }

  /** What a `pulumi refresh` found; `runProgram` as with the flag `--run-program`. */
  async refresh(options: { runProgram?: boolean } = {}): Promise<Record<string, number>> {
    const stack = await this.open();
    const { onEvent, changes } = countChanges();
    await stack.refresh({ color: "never", onOutput: this.log, onEvent, ...options });
    return changes();
  }

  /** `runProgram` as with the flag `--run-program`. */
  async destroy(options: { runProgram?: boolean } = {}): Promise<string> {
    const stack = await this.open();
    const quiet = { suppressProgress: true, color: "never", onOutput: this.log } as const;
    const result = await stack.destroy({ ...quiet, ...options });
    return result.stdout + result.stderr;
  }

  /** A `destroy` that must fail; returns all that the engine said. */
  async destroyFails(): Promise<string> {
    const error: unknown = await this.destroy().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, "the `destroy` should have failed").toBeInstanceOf(Error);
    return String(error);
  }

  /** The state, secrets decrypted. */
  async state(): Promise<string> {
    const stack = await this.open();
    return JSON.stringify(await stack.exportStack());
  }

  /** Puts back a state as {@link state} returned it. */
  async restore(state: string): Promise<void> {
    const stack = await this.open();
    await stack.importStack(JSON.parse(state) as Deployment);
  }

  /** Runs the command line `pulumi ...` on this stack, as a user would; returns what it printed. */
  async pulumi(...args: string[]): Promise<string> {
    const { workspace, name } = await this.open();
    const { path: program } = await ensurePulumi();
    const { stdout, stderr } = await run(program, [...args, "--stack", name], {
      cwd: workspace.workDir,
      env: { ...workspace.envVars },
    });
    return stdout + stderr;
  }

  /** How `npm run` starts a command of `operations/` for this stack, such as `verify-stack.ts`. */
  async operation(script: string, ...args: string[]): Promise<OperationLine> {
    const { workspace, name } = await this.open();
    const { path: program } = await ensurePulumi();
    const tsx = pathToFileURL(path.join(projectRoot, "node_modules/tsx/dist/loader.mjs")).href;
    return {
      command: process.execPath,
      args: ["--import", tsx, path.join(projectRoot, "operations", script), "--stack", name, ...args],
      cwd: workspace.workDir,
      env: { ...workspace.envVars, PATH: `${path.dirname(program)}:${process.env["PATH"] ?? ""}` },
    };
  }

  /** What `npm run verify -- --stack NAME --json ...` finds, with its exit status. */
  async verify(...services: string[]): Promise<{ code: number; report: Report }> {
    const { code, report } = await this.verified(services);
    return { code, report: report as Report };
  }

  /** The same of a stack on several hosts. */
  async verifyHosts(...services: string[]): Promise<{ code: number; report: HostsReport }> {
    const { code, report } = await this.verified(services);
    return { code, report: report as HostsReport };
  }

  private async verified(services: string[]): Promise<{ code: number; report: unknown }> {
    const { command, args, ...place } = await this.operation("verify-stack.ts", "--json", ...services);
    const { code, stdout, stderr } = await run(command, args, { ...place, allowFailure: true });
    if (stdout === "") throw new Error(`verify said nothing but: ${stderr}`);
    await appendFile(this.logFile, stdout);
    return { code, report: JSON.parse(stdout) as unknown };
  }

  /** After a killed engine: what `pulumi cancel` does, so that the next command may run. */
  async cancel(): Promise<void> {
    const stack = await this.open();
    await stack.cancel();
  }

  /** Looks at the host, or does something to it, as an operator logged in as root. Fails when the command does. */
  operator(command: string): Promise<string> {
    return asRoot(this.host, command);
  }

  /** The exit status of a command on the host. */
  async status(command: string): Promise<number> {
    return (await sshHost(this.host, command, { shared: true })).code;
  }

  /** Modification time, inode and digest of files, and the PIDs of units: equal means untouched. */
  async fingerprint(files: string[], units: string[]): Promise<string> {
    const ofFiles = `for f in ${files.join(" ")}; do stat -c '%n %Y.%y %i %a %U:%G' "$f"; sha256sum "$f"; done`;
    const ofUnits = `systemctl show -p Id -p MainPID -p NRestarts ${units.join(" ")}`;
    return this.operator(`${ofFiles}; ${ofUnits}`);
  }

  async pid(unit: string): Promise<string> {
    return (await this.operator(`systemctl show -p MainPID --value ${unit}`)).trim();
  }

  /** How many SSH logins of the stack's user sshd has accepted since it started; this one is root's. */
  logins(): Promise<number> {
    return loginsOf(this.host);
  }

  /** All that the engine printed so far. */
  async engineLog(): Promise<string> {
    return readFile(this.logFile, "utf8").catch(() => "");
  }

  private get logFile(): string {
    return path.join(this.host.directory, "logs", `engine-${this.stackName}.log`);
  }

  private readonly log = (text: string): void => void appendFile(this.logFile, text);

  private async open(): Promise<Stack> {
    const { stackName: name, config, host } = this;
    const secrets = Object.entries(this.secrets);
    const isPath = ([key]: [string, string]): boolean => /[.[]/.test(key);
    const keys = Object.fromEntries(secrets.filter((secret) => !isPath(secret)));
    const { program, opened } = this;
    const options = { name, config, secrets: keys, directory: host.directory };
    const stack = await openStack(
      { ...options, ...(program === undefined ? {} : { program }) },
      opened?.program === program ? opened?.stack : undefined,
    );
    askNothingMore(stack);
    this.opened = { stack, program };
    // A secret that is there already is kept by `openStack`, even if it has another value by now.
    const again = secrets.filter((secret) => isPath(secret) || secret[0] in this.changedSecrets);
    for (const [key, value] of again) {
      await stack.setConfig(`soar-profiling:${key}`, { value, secret: true }, true);
    }
    this.changedSecrets = {};
    return stack;
  }
}

/** Ends a host that a killed test has left, which would not be fresh; one that another run uses is not touched. */
async function endLeft(name: string): Promise<void> {
  const status = await hostStatus(name);
  if (status === undefined) return;
  if (status.usedBy === undefined) await stopHost(name);
  else if (status.usedBy !== process.pid) {
    throw new UserError(
      `The host ${name} is in use by process ${status.usedBy}`,
      "run the tests one at a time, or with another SOAR_SANDBOX_CACHE",
    );
  }
}
