import * as pulumi from "@pulumi/pulumi";
import { withoutState } from "./no-state";
import { oncePerRun } from "./once";

/**
 * The outputs of a stack as its last `up` left them; none before the first. A StackReference would do it too, and show
 * each change of an output as one of its own. The stack is `organization/project/stack`, which may be the running one.
 */
export const lastOutputs = oncePerRun(async (stack): Promise<Record<string, unknown>> => {
  const read = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: stack });
  const { outputs } = (await read.catch(withoutState({ outputs: {} }))) as {
    outputs: Record<string, unknown>;
  };
  return outputs;
});

/** Those of the running stack, for what an `up` leaves as it was. */
export class LastOutputs {
  constructor(private readonly stack: string) {}

  /**
   * An output, unless what it tells of was not done: then it is the last one, if there is one.
   * @param part of the output with this key, where it has one for each host. @default all of it
   */
  unless<T>(
    isDone: pulumi.Output<boolean>,
    key: string,
    output: pulumi.Output<T>,
    part?: string,
  ): pulumi.Output<T> {
    return pulumi.all([isDone, output]).apply(async ([done, value]) => {
      if (done) return value;
      return ((await this.last(key, part)) ?? value) as typeof value;
    }) as pulumi.Output<T>;
  }

  /** The last one; undefined where there is none. */
  async last(key: string, part?: string): Promise<unknown> {
    const last = (await lastOutputs(this.stack))[key];
    return part === undefined ? last : (last as Record<string, unknown> | undefined)?.[part];
  }
}
