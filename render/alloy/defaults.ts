import { holds } from "../../config/versions";
import { managedBy } from "../header";

/** The directory whose `*.alloy` files Alloy runs together. */
export const alloyDirectory = "/etc/alloy/conf.d";

export interface AlloyDefaultsArgs {
  /** Version of the package; not all know the same flags. */
  readonly version: string;
  readonly httpPort: number;
  /** See {@link stabilityFlags}. @default generally-available */
  readonly stability?: string | undefined;
}

/** Renders `/etc/default/alloy`, the environment of Alloy's unit. A change of it needs a restart. */
export function renderAlloyDefaults({ version, httpPort, stability }: AlloyDefaultsArgs): string {
  const flags = [
    `--server.http.listen-addr=127.0.0.1:${httpPort}`,
    "--disable-reporting",
    // A component that cannot end holds up a reload, by default for ten minutes.
    ...(holds("shutdownDeadline", version) ? ["--feature.component-shutdown-deadline=30s"] : []),
    ...stabilityFlags(stability),
  ];
  return [
    `# ${managedBy()}`,
    `CONFIG_FILE="${alloyDirectory}"`,
    `CUSTOM_ARGS="${flags.join(" ")}"`,
    // An upgrade is ours to follow with a restart and a probe.
    "RESTART_ON_UPGRADE=false",
    "",
  ].join("\n");
}

/** What `alloy run` and `alloy validate` must both be told, so that the one takes what the other does. */
export function stabilityFlags(stability = "generally-available"): string[] {
  return stability === "generally-available" ? [] : [`--stability.level=${stability}`];
}
