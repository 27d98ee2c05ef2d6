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

/** Those of the running stack, for what an `up` leaves as it was. */
export class LastOutputs {
  private outputs: Promise<Record<string, unknown>> | undefined;

  constructor(private readonly stack: string) {}

  /** An output, unless what it tells of was not done: then it is the last one, if there is one. */
  unless<T>(isDone: pulumi.Output<boolean>, key: string, output: pulumi.Output<T>): pulumi.Output<T> {
    return pulumi.all([isDone, output]).apply(async ([done, value]) => {
      if (done) return value;
      this.outputs ??= lastOutputs(this.stack);
      return ((await this.outputs)[key] ?? value) as typeof value;
    }) as pulumi.Output<T>;
  }
}
