import * as pulumi from "@pulumi/pulumi";

/** The value of an output outside of it; never where preview does not know it. */
export function plain(value: pulumi.Input<string> | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (value === undefined) resolve(undefined);
    else pulumi.output(value).apply(resolve);
  });
}
