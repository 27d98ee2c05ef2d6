import * as pulumi from "@pulumi/pulumi";
import { endOf } from "./values";

/** What Pulumi keeps in a resource and leaves out of its types. */
interface Internals {
  urn: pulumi.Output<string>;
  __name: string;
  __pulumiType: string;
  __parentResource?: pulumi.Resource;
}

/**
 * A resource that others can depend on, or be part of, although it has failed. With `--continue-on-error` the engine leaves out
 * what depends on it, and keeps that as it is, if it is declared. But in Node what has failed has no URN, so that what depends on
 * it is not declared at all, and the engine deletes it (Pulumi 3.259): of a host that cannot be reached for a moment, all would
 * be removed. So the URN is told that the resource has in any case.
 *
 * But not of one that the engine has never heard of, since the program could not say what it is to be: in the state, what depends
 * on it would come before it, which Pulumi then refuses to read. That ends the program, and an engine whose program has failed
 * deletes nothing.
 */
export function steady<R extends pulumi.Resource>(resource: R): R {
  const internals = resource as unknown as Internals;
  const { urn, __name: name, __pulumiType: type, __parentResource: parent } = internals;
  // What the SDK says where the engine's answer was that it has failed, or was left out.
  const answered = `resource ${name} [${type}] failed to register`;
  internals.urn = pulumi.recover(urn, (error) => {
    if (error instanceof Error && error.message === answered) return pulumi.createUrn(name, type, parent);
    throw error;
  });
  return resource;
}

/**
 * A component with that: one is left out, too, where what it depends on has failed, and its parts are not to go with it. Outputs of
 * one that was left out would end the program before what other hosts have to declare.
 */
export class Component extends pulumi.ComponentResource {
  private readonly isDeclared: Promise<boolean>;

  constructor(type: string, name: string, opts: pulumi.ComponentResourceOptions | undefined) {
    super(type, name, {}, opts);
    this.isDeclared = endOf(this.urn);
    steady(this);
  }

  /** Tells the engine of the outputs, unless the component was left out. */
  protected override registerOutputs(outputs: pulumi.Inputs = {}): void {
    super.registerOutputs(
      this.isDeclared.then((isDeclared) => {
        if (isDeclared) return outputs;
        throw new Error("left out, because what it depends on has failed");
      }),
    );
  }
}
