import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { atDestroy, type DestroyCheck } from "../host/destroy-check";
import { withoutHead } from "../host/scripts";
import { type AskedGrafana, askedIn } from "./asked";

/** A contact point in Grafana that the stack takes away with its alerts. */
export interface ContactGuardArgs extends AskedGrafana {
  /** The contact point's name. */
  name: string;
}

/**
 * Goes before the contact point: fails where a notification policy still sends to it, and names that. Grafana refuses it then,
 * too, but only once the rest is gone, and without saying which policy it is.
 */
export function guardContact(
  name: string,
  args: ContactGuardArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(name, atDestroy(policyCheck(args)), opts);
}

function policyCheck({ name, ...grafana }: ContactGuardArgs): DestroyCheck {
  return {
    question: `which notification policy of Grafana sends to ${name}`,
    script: withoutHead("policy-uses.cjs"),
    message:
      `Notification policies of Grafana send to the contact point ${name}, which cannot go as long as they do. Nothing of the ` +
      `alerts has been removed yet. Let these send to another one, or delete them`,
    environment: { ...askedIn(grafana), POINT: name },
  };
}
