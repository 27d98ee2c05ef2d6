import type { PlatformInfo } from "../components/platform";
import { plainSettings } from "../config/load";
import { flamegraph } from "../operations/flamegraph/command";
import { parseOptions } from "../operations/flamegraph/options";
import type { VerifyTarget } from "../operations/verify/target";
import { hostStatus, type SandboxHost } from "./host/host";
import { UserError } from "./log";
import { appliedConfig, openStack, sandboxSecrets } from "./stack";

/** What `npm run flamegraph` does, of the stack `sandbox` on a host; returns the exit status. */
export async function showFlamegraph(name: string, args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    const status = await hostStatus(name);
    if (status?.running !== true)
      throw new UserError("The sandbox's host does not run", 'start it with "make up"');
    await flamegraph(await appliedStack(status.host), options);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/** The stack as the last `make up` has left it. */
async function appliedStack(host: SandboxHost): Promise<VerifyTarget> {
  const missing = new UserError("The stack sandbox is not applied yet", 'apply it with "make up"');
  const config = await appliedConfig(host.directory);
  if (config === undefined) throw missing;
  const secrets = await sandboxSecrets(host);
  const stack = await openStack({ config, secrets, directory: host.directory });
  const { platform } = await stack.outputs();
  if (platform === undefined) throw missing;
  return { ...plainSettings(config, secrets), platform: platform.value as PlatformInfo };
}
