import * as pulumi from "@pulumi/pulumi";

/**
 * The outputs of a stack as its last `up` left them; none before the first. A StackReference would do it too, and show
 * each change of an output as one of its own.
 * @param stack `organization/project/stack`, which may be the running one
 */
export async function lastOutputs(stack: string): Promise<Record<string, unknown>> {
  const read = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: stack });
  const { outputs } = (await read.catch(() => ({ outputs: {} }))) as { outputs: Record<string, unknown> };
  return outputs;
}
