import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Script } from "./host/scripts";

/** What tells the programs of a host of new files, and asks them how they are and what they run on; declarations call them. */
const names = [
  "in-force.pl",
  "pyroscope-answers",
  "pyroscope-in-force",
  "pyroscope-stored",
  "alloy-reload",
  "alloy-ready",
  "alloy-faults",
  "alloy-in-force",
  "prometheus-admits",
  "prometheus-in-force",
  "prometheus-ready",
  "prometheus-reload",
  "site-answers",
  "caddy-in-force",
];

/**
 * Those, to be put on the host.
 * @param of `hasBucket`: Pyroscope has an object storage, into which an operator may copy what is on the disk; `restricted`: also
 * what a user may change there who may do no more than deploy; `readsAuthority`: the authority of the site is read there, which is
 * so for none but the host that others send to
 */
export function serviceScripts(
  of: { hasBucket?: boolean; restricted?: boolean; readsAuthority?: boolean } = {},
): Script[] {
  const { hasBucket = false, restricted = false, readsAuthority = false } = of;
  const all = [
    ...names,
    ...(hasBucket ? ["pyroscope-to-bucket"] : []),
    ...(restricted ? ["may-change"] : []),
    ...(readsAuthority ? ["site-authority"] : []),
  ];
  return all.map((name) => ({ name, text: readFileSync(path.join(__dirname, "scripts", name), "utf8") }));
}
