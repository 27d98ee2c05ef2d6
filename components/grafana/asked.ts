import type * as pulumi from "@pulumi/pulumi";

/** A Grafana that is asked before something goes. */
export interface AskedGrafana {
  /** Where Grafana is reached from the machine that Pulumi runs on. */
  url: pulumi.Input<string>;
  /** How one logs in there: `user:password`, or a token. */
  auth: pulumi.Input<string> | undefined;
}

/** What the scripts that ask it find in their environment. */
export function askedIn({ url, auth }: AskedGrafana): Record<string, pulumi.Input<string>> {
  return { GRAFANA: url, ...(auth === undefined ? {} : { AUTH: auth }) };
}
