import type { SshServer, SshSettings } from "./connection";
import { shellQuote } from "./shell";

/**
 * A command line that opens a connection by OpenSSH's client (8.5 or later), goes to the background once that is there, and
 * trusts the pinned host keys alone. The key is the agent's, one of the client's default ones, or the file that the exported
 * variable `SSH_KEY` names.
 * @param forwards options of `ssh`, such as `-L 4040:127.0.0.1:4040`
 */
export function backgroundSsh(ssh: SshSettings, forwards: string): string {
  return [
    "ssh -fN -o ExitOnForwardFailure=yes",
    keyOption,
    hostKeyOptions(ssh, "%H"),
    ...(ssh.jump === undefined ? [] : [through(ssh, ssh.jump)]),
    forwards,
    `-p ${ssh.port}`,
    `${ssh.user}@${ssh.address}`,
  ].join(" ");
}

/** One word, so that it is the same in a shell that does not split what a variable holds. */
const keyOption = "${SSH_KEY:+-i$SSH_KEY}";

/** `-J` would take over neither the key nor what is known of host keys. */
function through(ssh: SshSettings, jump: SshServer): string {
  const end = ssh.address.includes(":") ? "[%h]:%p" : "%h:%p";
  const words = [
    keyOption,
    hostKeyOptions(jump, "%%H"),
    `-W ${end} -p ${jump.port} ${jump.user}@${jump.address}`,
  ];
  return `-o ${shellQuote(`ProxyCommand=ssh ${words.join(" ").replaceAll("'", '"')}`)}`;
}

/** @param host the token that stands for the name that a key is searched for */
function hostKeyOptions({ hostKey }: SshServer, host: string): string {
  const known = "-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null";
  return hostKey === undefined
    ? `${known} -o StrictHostKeyChecking=no`
    : `${known} -o StrictHostKeyChecking=yes -o ${shellQuote(`KnownHostsCommand=/bin/echo ${host} ${hostKey}`)}`;
}
