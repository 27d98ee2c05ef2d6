import * as path from "node:path";
import { CommandError } from "@pulumi/pulumi/automation";
import { shellQuote } from "../components/host/shell";
import type { PlatformInfo } from "../components/platform";
import type { StackUrls } from "../components/urls";
import { plainSettings } from "../config/load";
import { declaredServices, waitForProfiles } from "../operations/arrivals";
import { queryOf } from "../operations/verify/pyroscope";
import { formatReport } from "../operations/verify/report";
import { HostSession } from "../operations/verify/session";
import type { VerifyTarget } from "../operations/verify/target";
import { verify } from "../operations/verify/verify";
import { checkNetwork } from "./host/create";
import { hostStatus, startHost, stopHost, type SandboxHost } from "./host/host";
import { prepareIngredients, prepareMachine } from "./host/prepare";
import { lock } from "./lock";
import { step, UserError } from "./log";
import { partsToMake, planLine } from "./plan";
import { prepareSandbox } from "./prepare";
import { openStack, sandboxConfig, sandboxSecrets, withoutUnusedUnits } from "./stack";
import { unlockState } from "./state-lock";
import { printTable, showStatus } from "./status";
import type { BackendName } from "./tools/backends";
import { dropGoCaches } from "./tools/toolchain";
import { backendsAsked, chooseBackends, leftOut } from "./with";

/** Two profiles of every service, at the interval of the stack `sandbox`, and time to hand them on. */
const patience = 120;

/**
 * Prepares what is missing, starts the host, applies the stack `sandbox` to it, and shows the profiles that have
 * arrived. Quick, and changes nothing, when all of that is so already.
 */
export async function up(main: { name: string; subnet: number }): Promise<void> {
  const asked = backendsAsked(process.env["WITH"] ?? "");
  const then = [{ what: "the host, its stack and their proof", minutes: 1 }];
  console.log(planLine("make up", await partsToMake(asked), then));
  await prepareMachine();
  await checkNetwork(main.name, main.subnet);
  const backends = await backendsOf(main.name, asked);
  await prepareSandbox(backends);
  await dropGoCaches();
  const { repository } = await prepareIngredients({ backends });
  const host = await step(`host ${main.name}`, () => startHost(main.name, { subnet: main.subnet, backends }));
  const stack = await step("stack sandbox", () =>
    alone(host, () => applyStack(host, repository.fingerprint)),
  );
  await showStatus();
  const { pyroscope, alloy, prometheus = "none", grafana = "none", tunnel } = stack.urls;
  const opened = `export SSH_KEY=${shellQuote(host.privateKeyFile)}; ${tunnel}`;
  printTable(Object.entries({ pyroscope, alloy, prometheus, grafana, tunnel: opened }));
  await prove(stack);
  const left = leftOut(host.backends);
  if (left !== undefined) console.log(left);
  const [first] = stack.settings.services;
  if (first !== undefined)
    console.log(`Look at the flame graph of a service: make flamegraph SERVICE=${first.name}`);
}

/** A host that is there stays as it is, unless it lacks what is asked for. */
async function backendsOf(name: string, asked: readonly BackendName[]): Promise<readonly BackendName[]> {
  const there = (await hostStatus(name))?.host.backends;
  if (there !== undefined) {
    const missing = asked.filter((one) => !there.includes(one));
    if (missing.length === 0) return there;
    await step(`end the host ${name}, which has no ${missing.join(", ")}`, () => stopHost(name));
  }
  return chooseBackends([...asked, ...(there ?? [])]);
}

/** Waits for the first profiles, and shows whether all that is declared arrives. */
async function prove(stack: Applied): Promise<void> {
  const session = await HostSession.open(stack);
  try {
    const query = queryOf(session.pyroscope(stack));
    await step("profiles in Pyroscope", () =>
      waitForProfiles(query, declaredServices(stack.settings), patience),
    );
    const report = await step("proof of what arrives", () => verify(session, stack, [], console.error));
    console.log(`${formatReport(report)}\n`);
    if (!report.ok)
      throw new UserError("Not all that the stack declares arrives", "see above what is broken");
  } finally {
    session.end();
  }
}

/** The stack as it is up. */
interface Applied extends VerifyTarget {
  urls: StackUrls;
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

async function applyStack(host: SandboxHost, fingerprint: string): Promise<Applied> {
  const config = withoutUnusedUnits(await sandboxConfig(host, fingerprint));
  const secrets = await sandboxSecrets(host);
  const stack = await openStack({ config, secrets, directory: host.directory });
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
    ...plainSettings(config, secrets),
    platform: outputs["platform"]?.value as PlatformInfo,
    urls: outputs["urls"]?.value as StackUrls,
  };
}
