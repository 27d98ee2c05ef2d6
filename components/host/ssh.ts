import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import { Commands } from "./commands";
import type { SshServer, SshSettings } from "./connection";

/** An open SSH connection. */
export interface SshConnection {
  /** A stream to an address as it is reached from the host. */
  forward(address: string, port: number): Promise<Duplex>;
  /**
   * Runs a command on the host. Several may run at once: what is more than a server takes waits for its turn.
   * @returns what it printed, without anything that the login shell printed before
   * @throws CommandError with what it printed as an error, unless it ends with 0
   */
  run(command: string, options?: { stdin?: string | Buffer }): Promise<Buffer>;
  end(): void;
  /** When it is over, for whatever reason. */
  readonly ended: Promise<void>;
}

/** How long a server may take to let one in, in milliseconds. */
const loginTime = 15_000;

/** How often it is tried: a busy sshd turns some connections away. */
const attempts = 3;

/** The server is not the one that was meant, or does not let one in: trying again is no use. */
class RefusedError extends Error {}

/**
 * Opens an SSH connection from this process, through the jump host if there is one. Each server has to show the host key
 * that is pinned. It does not keep the process alive.
 * @param privateKey in PEM or OpenSSH form; without one the SSH agent is asked
 * @throws Error that names the server, and tells what to do
 */
export async function openSsh(ssh: SshSettings, privateKey: string | undefined): Promise<SshConnection> {
  if (ssh.jump === undefined) return connection(await login(ssh, privateKey), ssh.address);
  const hop = await login(ssh.jump, privateKey);
  try {
    const through = await forwardOut(hop, ssh.jump.address, ssh.address, ssh.port);
    const client = await login(ssh, privateKey, through);
    client.once("close", () => hop.end());
    return connection(client, ssh.address);
  } catch (error) {
    hop.end();
    throw error;
  }
}

function connection(client: Client, host: string): SshConnection {
  const ended = new Promise<void>((resolve) => {
    client.once("close", () => {
      resolve();
    });
  });
  const commands = new Commands(client, ended);
  return {
    forward: (address, port) => forwardOut(client, host, address, port),
    run: (command, { stdin = "" } = {}) => commands.run(command, stdin),
    end: () => void client.end(),
    ended,
  };
}

async function login(server: SshServer, privateKey: string | undefined, through?: Duplex): Promise<Client> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryLogin(server, privateKey, through);
    } catch (error) {
      if (error instanceof RefusedError || through !== undefined || attempt === attempts) throw error;
      await sleep(attempt * 1000);
    }
  }
}

async function tryLogin(
  server: SshServer,
  privateKey: string | undefined,
  through: Duplex | undefined,
): Promise<Client> {
  // Loaded when it is needed: most runs need none.
  const { Client } = await import("ssh2");
  const client = new Client();
  const hostKey = { isOther: false };
  const where = `${server.address} port ${server.port}`;
  // It may also break later; its end tells that.
  client.on("error", () => undefined);
  try {
    const ready = new Promise<void>((resolve, reject) => {
      client.once("ready", resolve).once("error", reject);
      client.once("close", () => {
        reject(new Error("the server closed the connection"));
      });
    });
    client.connect({
      username: server.user,
      readyTimeout: loginTime,
      sock: through ?? (await dial(server)),
      ...(privateKey === undefined ? agent() : { privateKey }),
      ...(server.hostKey === undefined ? {} : pinned(server.hostKey, hostKey)),
    });
    await ready;
    return client;
  } catch (error) {
    client.end();
    if (hostKey.isOther) {
      throw new RefusedError(
        `${where} shows another host key than the one that is pinned, so nothing was sent. If the host was set up ` +
          "anew, compare the key on its own console and pin that",
      );
    }
    const { message, level } = error as Error & { level?: string };
    const isRefused = level === "client-authentication";
    throw new (isRefused ? RefusedError : Error)(`no SSH login as ${server.user} at ${where}: ${message}`);
  }
}

async function dial({ address, port }: SshServer): Promise<Socket> {
  const socket = connectTcp({ host: address, port });
  socket.unref();
  await once(socket, "connect", { signal: AbortSignal.timeout(loginTime) });
  return socket;
}

function agent(): Pick<ConnectConfig, "agent"> {
  const socket = process.env["SSH_AUTH_SOCK"];
  return socket === undefined || socket === "" ? {} : { agent: socket };
}

function pinned(
  hostKey: string,
  result: { isOther: boolean },
): Pick<ConnectConfig, "algorithms" | "hostVerifier"> {
  const [type = "", encoded = ""] = hostKey.split(" ");
  const key = Buffer.from(encoded, "base64");
  return {
    // A server with several keys shows the one that it is asked for.
    algorithms: { serverHostKey: [type as ServerHostKeyAlgorithm] },
    hostVerifier: (shown: Buffer): boolean => {
      result.isOther = !shown.equals(key);
      return !result.isOther;
    },
  };
}

/** @param host the address of the server that it goes through, for messages */
function forwardOut(client: Client, host: string, address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(new Error(forwardProblem(error, host, `${address} port ${port}`)));
    });
  });
}

/** RFC 4254, 5.1: the server does not want to. Its words say only that it did not. */
const prohibited = 1;

function forwardProblem(error: Error & { reason?: unknown }, host: string, target: string): string {
  return error.reason === prohibited
    ? `the sshd of ${host} forwards nothing to ${target}: set AllowTcpForwarding (or PermitOpen) there to let it, see that the ` +
        "key's line in authorized_keys does not forbid it (restrict, no-port-forwarding), and restart sshd"
    : `${target} does not answer on ${host}: ${error.message}`;
}
