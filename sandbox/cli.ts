import { hostStatus, stopHost, type HostStatus } from "./host/host";
import { hostNames, mainHost } from "./host/record";
import { sshTerminal } from "./host/ssh";
import { step, UserError } from "./log";
import { showStatus } from "./status";
import { runAsRoot } from "./sudo";

const commands: Record<string, (args: readonly string[]) => Promise<number>> = {
  up: async () => {
    // Loaded only here: the engine's libraries take a second, which the other commands need not wait for.
    const { up } = await import("./up.js");
    await up(mainHost);
    return 0;
  },
  down,
  status: async () => {
    await showStatus();
    return 0;
  },
  ssh,
  flamegraph: async (args) => {
    const { showFlamegraph } = await import("./flamegraph.js");
    return showFlamegraph(mainHost.name, args);
  },
};

/** Ends every host of the sandbox, except those of a test run that is still going on. */
async function down(): Promise<number> {
  const found = await Promise.all(
    (await hostNames()).map(async (name) => [name, await hostStatus(name)] as const),
  );
  const inUse = ([, status]: readonly [string, HostStatus | undefined]): boolean =>
    status?.usedBy !== undefined;
  const ours = found.filter((host) => !inUse(host));
  for (const [name] of ours) await step(`end the host ${name}`, () => stopHost(name));
  for (const [name, status] of found.filter(inUse)) {
    console.log(`The host ${name} is left alone: process ${status?.usedBy} uses it.`);
  }
  if (ours.length === 0) console.log("Nothing is running.");
  return 0;
}

/** A shell on the host, or one command: from the arguments, or from the variable CMD. */
async function ssh(args: readonly string[]): Promise<number> {
  const status = await hostStatus(mainHost.name);
  if (status?.running !== true)
    throw new UserError("The sandbox's host does not run", 'start it with "make up"');
  const command = args.length > 0 ? args.join(" ") : (process.env["CMD"] ?? "");
  return sshTerminal(status.host, command === "" ? undefined : command);
}

/** Runs this command again as root, with the same cache and the same tools; undefined when it is root already. */
function againAsRoot(): number | undefined {
  if (process.platform !== "linux" || process.getuid?.() === 0) return undefined;
  return runAsRoot([process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
}

async function main(): Promise<number> {
  const [name = "", ...args] = process.argv.slice(2);
  const command = commands[name];
  if (command === undefined) {
    throw new UserError(`"${name}" is no command`, `one of ${Object.keys(commands).join(", ")}`);
  }
  process.umask(0o022); // What is made here is also the host's and its users'.
  return againAsRoot() ?? (await command(args));
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  },
);
