import * as pulumi from "@pulumi/pulumi";
import { withoutState } from "./no-state";

/** A resource as the state has it. */
export interface LastResource {
  type: string;
  outputs: object;
}

/**
 * The resources of a stack, by their names and as its state has them now; none before the first `up`. After an `up` that
 * failed in part they say how far it has got, which the stack's outputs do not.
 * @param stack `organization/project/stack`, which may be the running one
 */
export function lastResources(stack: string): Promise<Record<string, LastResource>> {
  const run = pulumi.runtime.getMonitor() as object;
  const known = ofRuns.get(run) ?? new Map<string, Promise<Record<string, LastResource>>>();
  ofRuns.set(run, known);
  const resources = known.get(stack) ?? read(stack);
  known.set(stack, resources);
  return resources;
}

/** Once a run of the program, whoever asks: each answer is the whole state. */
const ofRuns = new WeakMap<object, Map<string, Promise<Record<string, LastResource>>>>();

async function read(stack: string): Promise<Record<string, LastResource>> {
  const asked = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName: stack });
  const { outputs } = (await asked.catch(withoutState({ outputs: {} }))) as {
    outputs: Record<string, LastResource>;
  };
  return Object.fromEntries(
    Object.entries(outputs).map(([urn, resource]) => [urn.split("::").at(-1) ?? "", resource]),
  );
}
