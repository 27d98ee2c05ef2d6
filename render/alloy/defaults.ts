import { managedBy } from "../header";

/** The directory whose `*.alloy` files Alloy runs together. */
export const alloyDirectory = "/etc/alloy/conf.d";

/** Renders `/etc/default/alloy`, the environment of Alloy's unit. A change of it needs a restart. */
export function renderAlloyDefaults({ httpPort }: { readonly httpPort: number }): string {
  return [
    `# ${managedBy()}`,
    `CONFIG_FILE="${alloyDirectory}"`,
    `CUSTOM_ARGS="--server.http.listen-addr=127.0.0.1:${httpPort} --disable-reporting"`,
    // An upgrade is ours to follow with a restart and a probe.
    "RESTART_ON_UPGRADE=false",
    "",
  ].join("\n");
}
