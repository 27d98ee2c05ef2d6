import { spawn } from "node:child_process";
import { constants } from "node:os";
import * as path from "node:path";
import { run, type RunResult } from "../log";
import type { SandboxHost } from "./sandbox-host";

export interface SshOptions {
  /** @default "root" */
  user?: SandboxHost["users"][number];
  /** Given to the command on its standard input, which is empty by default. */
  input?: string | Buffer;
  /** Milliseconds after which the connection is cut. @default no limit */
  timeout?: number;
  /**
   * By the connection of an earlier command of this kind, which stays for some seconds: a login costs more than most
   * commands. @default a login of its own
   */
  shared?: boolean;
}

/** Runs a command in the host's shell. `code` is the command's exit status, or 255 when there is no connection. */
export function sshHost(host: SandboxHost, command: string, options: SshOptions = {}): Promise<RunResult> {
  const { user = "root", input, timeout, shared = false } = options;
  const connection = shared ? sharedConnection(host.directory) : [];
  return run("ssh", [...connection, ...sshArguments(host, user), command], {
    allowFailure: true,
    ...(input === undefined ? {} : { input }),
    ...(timeout === undefined ? {} : { timeout }),
  });
}

/**
 * What a command of root printed.
 * @throws Error where it fails, with all that it printed
 */
export async function asRoot(
  host: SandboxHost,
  command: string,
  options: Pick<SshOptions, "input" | "timeout"> = {},
): Promise<string> {
  const { code, stdout, stderr } = await sshHost(host, command, { ...options, shared: true });
  if (code !== 0) throw new Error(`"${command}" on ${host.name}: exit status ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** How many SSH logins of the user who deploys the host's sshd has accepted since it started. */
export async function loginsOf(host: SandboxHost): Promise<number> {
  return Number(
    await asRoot(
      host,
      "journalctl --sync; journalctl -q -u ssh --no-pager | grep -c 'Accepted publickey for deploy ' || :",
    ),
  );
}

/**
 * Connects this terminal to the host, for one command or for a shell, and returns the exit status. Everything passes
 * through as it is; a terminal is asked for on the host only for a shell.
 */
export function sshTerminal(host: SandboxHost, command?: string): Promise<number> {
  const args = sshArguments(host, "root");
  const child = spawn("ssh", command === undefined ? ["-t", ...args] : [...args, command], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Ends the shared connection, which would see only after a while that the host has gone. */
export async function endSharedConnection(directory: string): Promise<void> {
  const options = ["-F", "none", "-o", `ControlPath=${quote(socketOf(directory))}`];
  await run("ssh", [...options, "-O", "exit", "host"], { allowFailure: true });
}

function sharedConnection(directory: string): string[] {
  const socket = socketOf(directory);
  // The kernel takes 107 bytes, and ssh adds 17 to make it.
  if (Buffer.byteLength(socket) > 90) return [];
  const options = {
    ControlMaster: "auto",
    ControlPath: quote(socket),
    ControlPersist: "20",
    ServerAliveInterval: "5",
    ServerAliveCountMax: "2",
  };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function socketOf(directory: string): string {
  return path.join(directory, "ssh");
}

/** The file with the host's key, as `ssh` reads it. */
export function knownHostsFile(directory: string): string {
  return path.join(directory, "known_hosts");
}

/** What `ssh` needs to log in. Nothing of the user's own configuration, agent or known hosts takes part. */
export function sshArguments(host: SandboxHost, user: string): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "5",
    GlobalKnownHostsFile: "/dev/null",
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    LogLevel: "ERROR",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: quote(knownHostsFile(host.directory)),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", ...flags, "-i", host.privateKeyFile, `${user}@${host.address}`];
}

/** Such an option ends, or its next file begins, at a space. */
function quote(file: string): string {
  return `"${file}"`;
}
