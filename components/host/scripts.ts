import { readFileSync } from "node:fs";
import * as path from "node:path";

const directory = path.join(__dirname, "scripts");

/** What later commands call or source, installed on the host by the first of them. */
const installed = [
  "lib.sh",
  "unit.sh",
  "package.sh",
  "program.sh",
  "transaction.sh",
  "compare.sh",
  "staging.sh",
  "edits.sh",
  "edit-lines.pl",
  "apt-repository",
  "apt-package",
  "service-config",
  "program-version",
  "platform",
  "drift",
  "uninstall",
];

/** The text of a script. */
export function readScript(name: string): string {
  return readFileSync(path.join(directory, name), "utf8");
}

/** The script that puts all others on the host, as one text for `sh -s`. */
export function installer(): string {
  const parts = installed.map((name) => {
    const delimiter = `end of ${name}`;
    return `put ${name} <<'${delimiter}'\n${readScript(name)}${delimiter}\n`;
  });
  return whole(`${readScript("install.sh")}\n${parts.join("\n")}`);
}

/**
 * A script for `sh -s` that fails, and does nothing, where it does not arrive to its last line: a shell reads a group to its
 * closing brace before it runs any of it.
 */
export function whole(script: string): string {
  const cutOff = "soar-profiling: the script was cut off on its way; nothing was changed";
  return `{ trap 'echo "${cutOff}" >&2; exit 1' EXIT; }\n{\ntrap - EXIT\n${script}\n}\n`;
}
