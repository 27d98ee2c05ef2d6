import * as path from "node:path";
import { CommandError } from "@pulumi/pulumi/automation";
import { portForwards } from "../components/host/connection";
import { shellQuote } from "../components/host/shell";
import type { StackUrls } from "../components/urls";
import { formatFindings, waitForProfiles, type DeclaredService, type Finding } from "../operations/verify";
import { checkNetwork } from "./host/create";
import { startHost, type SandboxHost } from "./host/host";
import { sshArguments } from "./host/ssh";
import { prepareIngredients, prepareMachine } from "./host/prepare";
import { lock } from "./lock";
import { step, UserError } from "./log";
import { prepareSandbox } from "./prepare";
import { withPyroscope } from "./query";
import { openStack, sandboxConfig, sandboxSecrets } from "./stack";
import { unlockState } from "./state-lock";
import { printTable, showStatus } from "./status";

/** Two profiles of every service, at the interval of the stack `sandbox`, and time to hand them on. */
const patience = 120;

/**
 * Prepares what is missing, starts the host, applies the stack `sandbox` to it, and shows the profiles that have
 * arrived. Quick, and changes nothing, when all of that is so already.
 */
export async function up(main: { name: string; subnet: number }): Promise<void> {
  await prepareMachine();
  await checkNetwork(main.name, main.subnet);
  await prepareSandbox();
  const { repository } = await prepareIngredients({ backends: true });
  const host = await step(`host ${main.name}`, () =>
    startHost(main.name, { subnet: main.subnet, backends: true }),
  );
  const stack = await step("stack sandbox", () =>
    alone(host, () => applyStack(host, repository.fingerprint)),
  );
  const findings = await step("profiles in Pyroscope", () =>
    withPyroscope(host, (query) => waitForProfiles(query, stack.services, patience)),
  );
  await showStatus();
  // The stack's own `tunnel` knows neither the sandbox's key nor its known hosts.
  const { pyroscope, alloy, prometheus = "", grafana = "" } = stack.urls;
  const servers = { pyroscope, alloy, prometheus, grafana };
  const forwards = portForwards(Object.values(servers));
  const tunnel = `ssh -N ${forwards} ${sshArguments(host, "root").map(shellQuote).join(" ")}`;
  printTable([...Object.entries(servers), ["tunnel", tunnel]]);
  console.log(`${formatFindings(findings)}\n`);
  refuseMissing(findings);
}

/** Two at once take turns. */
async function alone<T>(host: SandboxHost, action: () => Promise<T>): Promise<T> {
  const release = await lock(path.join(host.directory, "stack.lock"));
  try {
    return await action();
  } finally {
    await release();
  }
}

async function applyStack(
  host: SandboxHost,
  fingerprint: string,
): Promise<{ services: DeclaredService[]; urls: StackUrls }> {
  const stack = await openStack({
    config: await sandboxConfig(host, fingerprint),
    secrets: await sandboxSecrets(host),
    directory: host.directory,
  });
  await unlockState(stack, host.directory);
  const print = (text: string): void => void process.stderr.write(text);
  const quiet = { suppressProgress: true, suppressOutputs: true };
  const { outputs, summary } = await stack
    .up({ ...quiet, onOutput: print, onError: print })
    .catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error; // Its message is all that was printed just now.
      throw new UserError("The stack sandbox was not applied", "see above what the engine says");
    });
  const { same = 0, ...changed } = summary.resourceChanges ?? {};
  const changes = Object.entries(changed).map(([operation, count]) => `${count} ${operation}`);
  console.log(
    `stack sandbox: ${changes.length === 0 ? "nothing changed" : changes.join(", ")}, ${same} as before\n`,
  );
  return {
    services: outputs["services"]?.value as DeclaredService[],
    urls: outputs["urls"]?.value as StackUrls,
  };
}

function refuseMissing(findings: readonly Finding[]): void {
  const missing = findings.filter(({ amount }) => amount === 0);
  if (missing.length === 0) return;
  throw new UserError(
    `No profiles of ${missing.map(({ service, kind }) => `${service} (${kind})`).join(", ")} have arrived`,
    "see `make -s ssh CMD='journalctl -u alloy'` and `make -s ssh CMD='journalctl -u pyroscope'`",
  );
}
