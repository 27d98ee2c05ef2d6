import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { gzipSync, strToU8 } from "fflate";

const directory = path.join(__dirname, "scripts");

/** What later commands call or source, installed on the host by the first of them. */
const installed = [
  "lib.sh",
  "logins.sh",
  "formats.sh",
  "owners.sh",
  "time.sh",
  "within.pl",
  "unit.sh",
  "unit-environment.pl",
  "unit-in-force.pl",
  "in-force.sh",
  "package.sh",
  "apt-source.sh",
  "apt-places.sh",
  "apt-taken.sh",
  "package-install.sh",
  "package-remove.sh",
  "program.sh",
  "beside.sh",
  "transaction.sh",
  "spare.sh",
  "places.sh",
  "carried.sh",
  "files.sh",
  "compare.sh",
  "staging.sh",
  "texts.sh",
  "edits.sh",
  "written-over.sh",
  "edit-lines.pl",
  "patterns.pl",
  "apt-repository",
  "apt-package",
  "remove.sh",
  "service-config",
  "check",
  "platform",
  "drift",
  "uninstall",
];

/** The same where a user may do no more than deploy. */
const ofDeployer = ["as-root", "deployer", "held-against.pl", "apart.pl", "facts"];

/** A script that is installed on the host. */
export interface Script {
  /** Its file's name there. */
  name: string;
  /** The text, ending with a newline. */
  text: string;
}

/** The text of a script. */
export function readScript(name: string): string {
  return readFileSync(path.join(directory, name), "utf8");
}

/** The same without the comments that it begins with. */
export function withoutHead(name: string): string {
  return readScript(name).replace(/^(?:(?:#|\/\/).*\n)+/, "");
}

/**
 * A script whose lines are a command each, as one line: where a login shell reads it, which may not take a line break within
 * quotes.
 */
export function oneLine(name: string): string {
  return withoutHead(name).trim().split("\n").join("; ");
}

/**
 * What brings a host to where all later commands find their scripts, as one text for `sh -s`: first it looks whether the host
 * is ready, as the user who logs in, and does nothing where it is not.
 * @param preflight see {@link preflight}
 * @param asRoot what comes before a command for root, such as `sudo -n `; nothing where root logs in
 * @param further scripts that declarations call
 * @param restricted the user may be one who may deploy and nothing else: then only that the scripts are these is looked at
 */
export function setup(
  preflight: string,
  asRoot: string,
  further: readonly Script[] = [],
  restricted = false,
): string {
  const own = restricted ? ofDeployer.map(scriptOf) : [];
  const all = [...own, ...further];
  const compared = restricted
    ? `scripts='${digests(all)}'\n${readScript("machine.sh")}${readScript("deployer-setup.sh")}`
    : "";
  const put = `${asRoot}sh -s -- "$environment" "$owner" "$platform" "$generation" `;
  return whole(
    `${readScript("setup.sh")}${compared}(\n${preflight})\n${put}${hereDocument("installer", packed(installer(all)))}`,
  );
}

/**
 * The script that puts all others on the host, as one text for `sh -s`.
 * @param further scripts that declarations call
 */
export function installer(further: readonly Script[] = []): string {
  const parts = [...installed.map(scriptOf), ...further].map(
    ({ name, text }) => `put ${name} ${hereDocument(name, text)}`,
  );
  const texts = [
    readScript("formats.sh"),
    readScript("owners.sh"),
    readScript("install.sh"),
    ...parts,
    "put_all",
    "claim_platform",
  ];
  return whole(texts.join("\n"));
}

/** A script of this layer. `facts` is a function that `npm run verify` sends, with its call. */
function scriptOf(name: string): Script {
  const text = name === "facts" ? `#!/bin/sh\n${readScript("facts.sh")}${name} "$@"\n` : readScript(name);
  return { name, text };
}

/** Of all scripts that are put on the host, as `sha256sum` writes them. */
function digests(further: readonly Script[]): string {
  return [...installed.map(scriptOf), ...further]
    .map(({ name, text }) => `${createHash("sha256").update(text).digest("hex")}  ${name}`)
    .join("\n");
}

/** A script for `sh -s` that fails, and does nothing, where it does not arrive to its last line (see `scripts/whole.sh`). */
export function whole(script: string): string {
  return withoutHead("whole.sh").replace("# the script", () => script);
}

/**
 * A long script for `sh -s` at two fifths of its length. Pulumi's state has each input of a command twice, and a backend of files
 * is written as a whole before and after each step: with twenty hosts, half of a first `up` was that. Not by Node's zlib, whose
 * bytes differ between its versions and processors: what has not changed must be the same wherever it is made.
 */
export function packed(script: string): string {
  const known = packedBefore.get(script);
  if (known !== undefined) return known;
  const text = Buffer.from(gzipSync(strToU8(script), { mtime: 0 })).toString("base64");
  const made = whole(withoutHead("packed.sh").replace("# the packed script", () => text));
  packedBefore.set(script, made);
  return made;
}

/** Most hosts get the same one. */
const packedBefore = new Map<string, string>();

/**
 * The preflight, which comes before any script is on the host, with those that it calls.
 * @param endpoints a line for each; not among its arguments, because a command line has room for some hundred only
 * @param targets the same
 * @param login options of curl, for who is asked about the targets
 * @param storageLogin options of curl, for the object storage that is tried
 */
export function preflight(
  endpoints: readonly string[] = [],
  targets: readonly string[] = [],
  login?: string,
  storageLogin?: string,
): string {
  const variable = (name: string, of: string, text: string): string =>
    `${name}=$(cat ${hereDocument(of, text)})\n`;
  const lines = (texts: readonly string[]): string => texts.map((line) => `${line}\n`).join("");
  return whole(
    variable("unit_in_force", "unit-in-force.pl", readScript("unit-in-force.pl")) +
      variable("endpoints", "endpoints", lines(endpoints)) +
      variable("targets", "targets", lines(targets)) +
      (login === undefined ? "" : variable("scraped_login", "login", login)) +
      (storageLogin === undefined ? "" : variable("storage_login", "storage login", storageLogin)) +
      readScript("endpoints.sh") +
      readScript("apt-places.sh") +
      readScript("past.sh") +
      readScript("machine.sh") +
      readScript("logins.sh") +
      readScript("preflight") +
      (storageLogin === undefined ? "" : readScript("object-storage.sh")) +
      withoutHead("preflight-words.sh"),
  );
}

/** Prints which machine it runs on, as the preflight's last line does. */
export function machineScript(): string {
  return whole(`${readScript("machine.sh")}echo "machine $(machine)"`);
}

function hereDocument(name: string, text: string): string {
  const delimiter = `end of ${name}`;
  return `<<'${delimiter}'\n${text}${delimiter}\n`;
}
