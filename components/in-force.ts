import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Script } from "./host/scripts";

/** What asks the programs of a host, and has them reload; declarations call them. */
const names = [
  "in-force.pl",
  "pyroscope-in-force",
  "alloy-in-force",
  "prometheus-admits",
  "prometheus-in-force",
  "prometheus-ready",
  "prometheus-reload",
  "caddy-in-force",
];

/** Those, to be put on the host. */
export function inForceScripts(): Script[] {
  return names.map((name) => ({ name, text: readFileSync(path.join(__dirname, "scripts", name), "utf8") }));
}
