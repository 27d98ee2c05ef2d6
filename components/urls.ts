import type { Settings } from "../config/settings";
import { alloyUrl } from "./alloy";
import { portForwards } from "./host/connection";
import { backgroundSsh } from "./host/ssh-command";
import type { PlatformInfo } from "./platform";

/** Addresses on the host's loopback, and the command that brings them here. */
export interface StackUrls {
  pyroscope: string;
  alloy: string;
  prometheus?: string;
  grafana?: string;
  /** For each service with profiles, a link that opens them in Grafana's Explore. */
  explore?: Record<string, string>;
  tunnel: string;
}

/** The stack's output `urls`. */
export function stackUrls(
  { host, prometheus, grafana }: Settings,
  { alloy, pyroscopeUrl }: PlatformInfo,
  explore: Record<string, string> | undefined,
): StackUrls {
  const servers = {
    pyroscope: pyroscopeUrl,
    alloy: alloyUrl(alloy),
    ...(prometheus === undefined ? {} : { prometheus: prometheus.url }),
    ...(grafana === undefined ? {} : { grafana: grafana.url }),
  };
  return {
    ...servers,
    ...(explore === undefined ? {} : { explore }),
    tunnel: backgroundSsh(host, portForwards(Object.values(servers))),
  };
}
