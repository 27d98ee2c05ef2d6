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
 * @param readsAuthority whether the authority of its site is read there, which is so for none but the one that others send to
 */
export function serviceScripts({ readsAuthority = false } = {}): Script[] {
  return [...names, ...(readsAuthority ? ["site-authority"] : [])].map((name) => ({
    name,
    text: readFileSync(path.join(__dirname, "scripts", name), "utf8"),
  }));
}
