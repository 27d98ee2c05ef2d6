import * as pulumi from "@pulumi/pulumi";
import { lastResources } from "./last-resources";

/** A `remote.Command` as the state has it. */
export interface LastCommand {
  /** The line that ran when it was last created or updated. */
  create: string;
  /** What that printed. */
  stdout?: string;
  /** Where it ran. */
  connection?: { host: string; port?: number; hostKey?: string };
}

/** By the name of the resource. */
export type LastCommands = Readonly<Record<string, LastCommand>>;

const type = "command:remote:Command";

/** What the state has under names that begin otherwise than they do now. */
export interface Renamed {
  from: string;
  to: string;
}

/**
 * The commands of a stack that succeeded last.
 * @param stack `organization/project/stack`, which may be the running one
 * @param renamed what is found by its name of now, too
 */
export async function lastCommands(stack: string, renamed?: Renamed): Promise<LastCommands> {
  const commands = Object.entries(await lastResources(stack)).filter(
    ([, resource]) => resource.type === type,
  );
  return Object.fromEntries(
    commands.flatMap(([name, { outputs }]) => {
      const command = shown(outputs as LastCommand);
      const now = renamed !== undefined && name.startsWith(`${renamed.from}-`);
      const names = now ? [name, renamed.to + name.slice(renamed.from.length)] : [name];
      return names.map((one) => [one, command] as const);
    }),
  );
}

/** Secrets come as they are on the wire: a connection is one, because of its key. */
function shown(command: LastCommand): LastCommand {
  const entries = Object.entries(command) as [string, unknown][];
  const { isRpcSecret, unwrapRpcSecret } = pulumi.runtime;
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isRpcSecret(value) ? unwrapRpcSecret(value) : value]),
  ) as unknown as LastCommand;
}
