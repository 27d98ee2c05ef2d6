import type * as pulumi from "@pulumi/pulumi";
import type { Secrets } from "../../config/load";
import type { GrafanaSettings, Settings } from "../../config/settings";
import { openTunnel } from "../host/tunnel";

/** All settings of a stack that has a Grafana. */
export type WithGrafana = Settings & { grafana: GrafanaSettings };

/** Where the Grafana of a stack is dialled, and with what. */
export interface GrafanaAccess {
  address: string | Promise<string>;
  auth: pulumi.Output<string> | undefined;
}

/** The header that lets one in. @param auth `user:password`, or a token */
export function authorization(auth: string): Record<string, string> {
  const isUser = auth.includes(":");
  return { Authorization: isUser ? `Basic ${Buffer.from(auth).toString("base64")}` : `Bearer ${auth}` };
}

/** The way to Grafana from here: once a run, since it may be a tunnel. */
export function grafanaAccess(settings: WithGrafana, secrets: Secrets): GrafanaAccess {
  const { url, tunnel } = settings.grafana;
  const { sshPrivateKey: privateKey, grafanaAuth: auth } = secrets;
  if (tunnel === undefined) return { address: url, auth };
  const args = { localPort: tunnel, setting: "grafana.tunnel", ssh: settings.host, privateKey, url };
  return { address: openTunnel(args), auth };
}
