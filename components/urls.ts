import { pushUrl } from "../config/push";
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
  /** Where programs on the host send their profiles to; the tunnel does not bring it here. */
  push?: string;
  /** For each service with profiles, a link that opens them in Grafana's Explore. */
  explore?: Record<string, string>;
  tunnel: string;
}

/** The stack's output `urls`. */
export function stackUrls(
  { host, prometheus, grafana, push }: Settings,
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
    ...(push === undefined ? {} : { push: pushUrl(push) }),
    ...(explore === undefined ? {} : { explore }),
    tunnel: backgroundSsh(host, portForwards(Object.values(servers))),
  };
}
