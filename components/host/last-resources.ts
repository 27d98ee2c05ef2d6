import * as pulumi from "@pulumi/pulumi";
import { withoutState } from "./no-state";
import { oncePerRun } from "./once";

/** A resource as the state has it. */
export interface LastResource {
  type: string;
  outputs: object;
}

/**
 * The resources of a stack, by their names and as its state has them now; none before the first `up`. After an `up` that
 * failed in part they say how far it has got, which the stack's outputs do not. The stack is `organization/project/stack`, which
 * may be the running one.
 */
export const lastResources = oncePerRun(async (stack): Promise<Record<string, LastResource>> => {
  const asked = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName: stack });
  const { outputs } = (await asked.catch(withoutState({ outputs: {} }))) as {
    outputs: Record<string, LastResource>;
  };
  return Object.fromEntries(
    Object.entries(outputs).map(([urn, resource]) => [urn.split("::").at(-1) ?? "", resource]),
  );
});
