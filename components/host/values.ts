import * as pulumi from "@pulumi/pulumi";

/** The value of an output outside of it; never where preview does not know it. */
export function valueOf(value: pulumi.Input<string> | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (value === undefined) resolve(undefined);
    else pulumi.output(value).apply(resolve);
  });
}

/** The value of an output outside of it; undefined where preview does not know it, or it cannot be had. */
export async function knownValueOf(value: pulumi.Input<string>): Promise<string | undefined> {
  const output = pulumi.output(value);
  // It is a property of all outputs, and left out of their published type.
  const { isKnown } = output as unknown as { isKnown: Promise<boolean> };
  if (!(await isKnown.catch(() => false))) return undefined;
  return new Promise((resolve) => void output.apply(resolve));
}

/** Whether what it comes from has ended well, once it has ended. */
export function endOf(output: pulumi.Output<unknown>): Promise<boolean> {
  // As above.
  const { isKnown } = output as unknown as { isKnown: Promise<boolean> };
  return isKnown.then(
    () => true,
    () => false,
  );
}
