import { hostStatus, stopHost } from "./host/host";
import { missingLibraries } from "./host/libraries";
import { prepareIngredients } from "./host/prepare";
import { hostNames, mainHost } from "./host/record";
import { step, UserError } from "./log";
import { ensurePulumiHome } from "./plugins/install";
import { type BackendName, backendNames } from "./tools/backends";
import { dropGoCaches, ensureActionlint, ensurePulumi, ensureVersitygw } from "./tools/toolchain";

/** Makes everything that a host with these, and a stack, are made of. */
export async function prepareSandbox(backends: readonly BackendName[]): Promise<void> {
  await ensurePulumiHome(await ensurePulumi());
  await prepareIngredients({ backends });
}

/** That, and the programs that only tests need. */
async function prepareTests(): Promise<void> {
  await endLeftHosts();
  await prepareSandbox(backendNames);
  await prepareIngredients({ release: "bookworm" });
  const missing = await missingLibraries("bookworm");
  if (missing !== "")
    process.stderr.write(`    The tests on Debian 12 are left out, where these lack libraries: ${missing}\n`);
  await ensureActionlint();
  await ensureVersitygw();
  await dropGoCaches();
}

/** Ends the hosts that a killed test run has left: the next would take them for fresh ones. */
async function endLeftHosts(): Promise<void> {
  for (const name of await hostNames()) {
    const status = await hostStatus(name);
    if (name === mainHost.name || status === undefined || status.usedBy !== undefined) continue;
    await step(`end the host ${name}, which a killed test run has left`, () => stopHost(name));
  }
}

if (require.main === module) {
  process.umask(0o022); // What is made here is also the hosts' and their users'.
  prepareTests().catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  });
}
