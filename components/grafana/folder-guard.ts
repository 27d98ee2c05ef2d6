import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { atDestroy, type DestroyCheck } from "../host/destroy-check";
import { withoutHead } from "../host/scripts";
import { type AskedGrafana, askedIn } from "./asked";

/** A folder in Grafana that a destroy deletes, with all that is in it. */
export interface FolderGuardArgs extends AskedGrafana {
  uid: string;
  title: string;
  /** The uids of the stack's own dashboards. */
  own: readonly string[];
}

/** One of the first to go in a destroy: fails where the folder has what is not the stack's, and names it. */
export function guardFolder(
  name: string,
  args: FolderGuardArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(name, atDestroy(folderCheck(args)), opts);
}

function folderCheck({ uid, title, own, ...grafana }: FolderGuardArgs): DestroyCheck {
  const message =
    `Somebody has saved into the folder ${title} of Grafana, with which it would be deleted. Nothing has been removed ` +
    `yet. Move it to another folder, or delete it`;
  return {
    question: `what else is in the folder ${title} of Grafana`,
    script: withoutHead("folder-holds.cjs"),
    message,
    environment: { ...askedIn(grafana), FOLDER: uid, OWN: JSON.stringify(own) },
  };
}
