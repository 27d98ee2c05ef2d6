import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Script } from "./host/scripts";

/** What asks the programs of a host what they run on; declarations call them as `inForce`. */
const names = [
  "in-force.pl",
  "pyroscope-in-force",
  "alloy-in-force",
  "prometheus-in-force",
  "caddy-in-force",
];

/** Those, to be put on the host. */
export function inForceScripts(): Script[] {
  return names.map((name) => ({ name, text: readFileSync(path.join(__dirname, "scripts", name), "utf8") }));
}
