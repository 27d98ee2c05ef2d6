import * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/command";
import type { DestroyCheck } from "./destroy-check";
import { withoutHead } from "./scripts";

/** One SSH server: where it is and how it proves who it is. */
export interface SshServer {
  /** Name or IP address. */
  address: string;
  port: number;
  user: string;
  /** The server's public key, `type base64`. Undefined only where `insecureSkipHostKey` says so. */
  hostKey?: string | undefined;
}

/** How to reach the host. */
export interface SshSettings extends SshServer {
  /** A jump host that the connection goes through. */
  jump?: SshServer | undefined;
  /** The user's sudo may allow no more than to deploy (see `scripts/deployer`). @default it allows everything */
  restricted?: boolean | undefined;
  /** Any server is taken for one that has no `hostKey`. @default false */
  insecureSkipHostKey?: boolean;
}

/** What is wrong with how the host is reached; undefined where nothing is. */
export function unknownServer({
  hostKey,
  jump,
  insecureSkipHostKey = false,
}: SshSettings): string | undefined {
  if (insecureSkipHostKey) return undefined;
  const missing = [
    ...(hostKey === undefined ? ["ssh.hostKey"] : []),
    ...(jump !== undefined && jump.hostKey === undefined ? ["ssh.jump.hostKey"] : []),
  ];
  if (missing.length === 0) return undefined;
  return `${missing.join(" and ")} must be set, or ssh.insecureSkipHostKey: without, any server is taken for this one`;
}

/** The options of `ssh` that bring URLs on the host's loopback here, each to the same port; others need none. */
export function portForwards(urls: readonly string[]): string {
  const ports = urls
    .map((url) => dialed(url))
    .filter(({ host }) => host === "127.0.0.1" || host === "localhost")
    .map(({ port }) => port);
  return [...new Set(ports)].map((port) => `-L ${port}:127.0.0.1:${port}`).join(" ");
}

/** What a URL dials; an IPv6 address without brackets. */
export function dialed(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port) };
}

/** The arguments of `@pulumi/command` for a connection; without a private key the SSH agent is asked. */
export function connectionArgs(
  ssh: SshSettings,
  privateKey: pulumi.Input<string> | undefined,
): types.input.remote.ConnectionArgs {
  const server = (to: SshServer): types.input.remote.ProxyConnectionArgs => ({
    host: to.address,
    port: to.port,
    user: to.user,
    ...(to.hostKey === undefined ? {} : { hostKey: to.hostKey }),
    ...(privateKey === undefined ? {} : { privateKey }),
  });
  return { ...server(ssh), ...(ssh.jump === undefined ? {} : { proxy: server(ssh.jump) }) };
}

/**
 * Whether an SSH server answers at the host's (or its jump host's) port.
 * @param one of several hosts: its resource that all others there depend on. @default it is the only host of its stack
 */
export function reachabilityCheck(ssh: SshSettings, one?: pulumi.Output<string>): DestroyCheck {
  const { address, port } = ssh.jump ?? ssh;
  const gone = `No SSH server answers at ${address} port ${port}, so nothing can be removed there. If the host is gone for good, `;
  const message =
    one === undefined
      ? `${gone}let go of the state: pulumi state delete --all --force. After that pulumi up sets up another host, and pulumi stack rm removes the stack.`
      : pulumi.interpolate`${gone}let go of what the state has of it: pulumi state delete --target-dependents '${one}'. After that a pulumi up with the host taken out of hosts touches the others only where they change.`;
  return {
    question: `an SSH server at ${address} port ${port}`,
    script: withoutHead("ssh-answers.cjs"),
    message,
  };
}
