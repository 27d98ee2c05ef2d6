import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { atDestroy, type DestroyCheck } from "../host/destroy-check";

/** A folder in Grafana that a destroy deletes, with all that is in it. */
export interface FolderGuardArgs {
  /** Where Grafana is reached from the machine that Pulumi runs on. */
  url: pulumi.Input<string>;
  /** How one logs in there: `user:password`, or a token. */
  auth: pulumi.Input<string> | undefined;
  uid: string;
  title: string;
  /** The uids of the stack's own dashboards. */
  own: readonly string[];
}

/** Grafana 10.2 and later tells what is in the folder, an older one all that it has. */
const look = `
  const { GRAFANA, AUTH, FOLDER, OWN, MESSAGE } = process.env;
  const fail = (words) => { console.error(words); process.exitCode = 1; };
  const login = AUTH?.includes(":") ? "Basic " + Buffer.from(AUTH).toString("base64") : "Bearer " + AUTH;
  fetch(GRAFANA.replace(/\\/+$/, "") + "/api/search?limit=5000&folderUIDs=" + FOLDER, {
    headers: AUTH === undefined ? {} : { Authorization: login }, signal: AbortSignal.timeout(20000),
  }).then(async (answer) => {
    if (!answer.ok) throw new Error("status " + answer.status);
    const strange = (await answer.json()).filter(
      ({ uid, folderUid }) => folderUid === FOLDER && !JSON.parse(OWN).includes(uid));
    const names = strange.map(({ title, url }) => title + " (" + url + ")");
    if (names.length > 0) fail(MESSAGE + ": " + names.join(", "));
  }).catch((error) => fail("Grafana at " + GRAFANA + " cannot be asked what is in the folder: " + (error.cause ?? error).message));
`;

/** One of the first to go in a destroy: fails where the folder has what is not the stack's, and names it. */
export function guardFolder(
  name: string,
  args: FolderGuardArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  return new command.local.Command(name, atDestroy(folderCheck(args)), opts);
}

function folderCheck({ url, auth, uid, title, own }: FolderGuardArgs): DestroyCheck {
  const message =
    `Somebody has saved into the folder ${title} of Grafana, with which it would be deleted. Nothing has been removed ` +
    `yet. Move it to another folder, or delete it`;
  return {
    question: `what else is in the folder ${title} of Grafana`,
    script: look,
    message,
    environment: {
      GRAFANA: url,
      ...(auth === undefined ? {} : { AUTH: auth }),
      FOLDER: uid,
      OWN: JSON.stringify(own),
    },
  };
}
