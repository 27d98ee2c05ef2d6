import * as pulumi from "@pulumi/pulumi";

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

/**
 * The commands of a stack that succeeded last, as its state has them now; none before the first `up`. After an `up` that
 * failed in part they say how far it has got, which the stack's outputs do not.
 * @param stack `organization/project/stack`, which may be the running one
 */
export async function lastCommands(stack: string): Promise<LastCommands> {
  const commands = Object.entries(await inState(stack)).filter(([, resource]) => resource.type === type);
  return Object.fromEntries(
    commands.map(([urn, resource]) => [nameOf(urn), shown(resource.outputs as LastCommand)] as const),
  );
}

/** The names of all resources that a stack's state has now. */
export async function resourcesInState(stack: string): Promise<ReadonlySet<string>> {
  return new Set(Object.keys(await inState(stack)).map(nameOf));
}

/** By their URNs. */
async function inState(stack: string): Promise<Record<string, { type: string; outputs: object }>> {
  const read = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName: stack });
  const { outputs } = (await read.catch(() => ({ outputs: {} }))) as {
    outputs: Record<string, { type: string; outputs: object }>;
  };
  return outputs;
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

/** Secrets come as they are on the wire: a connection is one, because of its key. */
function shown(command: LastCommand): LastCommand {
  const entries = Object.entries(command) as [string, unknown][];
  const { isRpcSecret, unwrapRpcSecret } = pulumi.runtime;
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isRpcSecret(value) ? unwrapRpcSecret(value) : value]),
  ) as unknown as LastCommand;
}
