import type * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/command";

/** One SSH server: where it is and how it proves who it is. */
export interface SshServer {
  /** Name or IP address. */
  address: string;
  port: number;
  user: string;
  /** The server's public key, `type base64`. Undefined only where the settings say so by `insecureSkipHostKey`. */
  hostKey?: string | undefined;
}

/** How to reach the host. */
export interface SshSettings extends SshServer {
  /** A jump host that the connection goes through. */
  jump?: SshServer | undefined;
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
 * A command for the machine that Pulumi runs on: fails, with what to do, when no SSH server answers at the host's (or
 * its jump host's) port. That something accepts the connection is no answer: a firewall or proxy may do so.
 */
export function reachabilityCheck(ssh: SshSettings): string {
  const { address, port } = ssh.jump ?? ssh;
  const message =
    `No SSH server answers at ${address} port ${port}, so nothing can be removed there. If the host is gone for good, ` +
    "let go of the state: pulumi state delete --all --force. After that pulumi up sets up another host, and " +
    "pulumi stack rm removes the stack.";
  const script =
    "const fail=()=>{console.error(process.argv[3]);process.exit(1)};" +
    "require('net').connect(process.argv[2],process.argv[1])" +
    ".on('data',(text)=>text.includes('SSH-')&&process.exit(0)).on('error',fail).on('close',fail).setTimeout(15000,fail)";
  return ["node", "-e", script, address, String(port), message]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}
