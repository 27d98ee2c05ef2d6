import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientChannel, type ConnectConfig, type ServerHostKeyAlgorithm, utils } from "ssh2";
import { type Logger } from "../serve";

/** How to reach a host; the names and defaults are those of the official schema. */
export interface Endpoint {
  host: string;
  port?: number;
  user?: string;
  password?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  /** `SSH_AUTH_SOCK` by default. */
  agentSocketPath?: string;
  /** As in authorized_keys or known_hosts, without the host. Without it no host is refused. */
  hostKey?: string;
  /** Failed dials that are tried again; 10 by default, -1 means forever. */
  dialErrorLimit?: number;
  /** Seconds; 15 by default, 0 means no limit. */
  perDialTimeout?: number;
}

export interface Connection extends Endpoint {
  /** A host to go through. */
  proxy?: Endpoint;
}

export const endpointDefaults = { port: 22, user: "root", dialErrorLimit: 10, perDialTimeout: 15 };

/** Opens an SSH connection, through the proxy if there is one. The caller ends both by `close`. */
export async function dial(
  connection: Connection,
  logger: Logger,
): Promise<{ client: Client; close: () => void }> {
  requireReadable(connection);
  if (connection.proxy === undefined) {
    const client = await retry("Dial", connection, logger, () => connect(connection));
    return { client, close: () => void client.end() };
  }
  const { proxy } = connection;
  try {
    requireReadable(proxy);
    const hop = await retry("Dial proxy", proxy, logger, () => connect(proxy));
    try {
      const client = await retry("Dial from proxy", connection, logger, async () =>
        connect(connection, await forward(hop, connection)),
      );
      const close = (): void => {
        client.end();
        hop.end();
      };
      return { client, close };
    } catch (error) {
      hop.end();
      throw error;
    }
  } catch (error) {
    throw new Error(`proxy: ${(error as Error).message}`);
  }
}

/** Keys that cannot be read are refused before the first dial, since trying again is no use. */
function requireReadable({ hostKey, privateKey, privateKeyPassword }: Endpoint): void {
  if (hostKey !== undefined) parseHostKey(hostKey);
  if (privateKey === undefined) return;
  const parsed = utils.parseKey(privateKey, privateKeyPassword);
  // The message may quote the key.
  if (parsed instanceof Error) throw new Error("ssh: no key found");
}

/** Tries again after 0.1 s, then 1.5 times as long each time, at most 5 s. */
async function retry<T>(
  what: string,
  endpoint: Endpoint,
  logger: Logger,
  attempt: () => Promise<T>,
): Promise<T> {
  const limit = endpoint.dialErrorLimit ?? endpointDefaults.dialErrorLimit;
  for (let failed = 1, delay = 100; ; failed++, delay = Math.min(delay * 1.5, 5000)) {
    try {
      return await attempt();
    } catch (error) {
      if (limit > -1 && failed > limit) {
        throw new Error(`after ${limit} failed attempts: ${(error as Error).message}`);
      }
    }
    logger.status(`${what} ${failed}/${limit === -1 ? "inf" : limit} failed: retrying`);
    await sleep(delay);
  }
}

async function connect(endpoint: Endpoint, through?: ClientChannel): Promise<Client> {
  const client = new Client();
  const hostKey = { refused: false };
  const config: ConnectConfig = {
    host: endpoint.host,
    port: endpoint.port ?? endpointDefaults.port,
    username: endpoint.user ?? endpointDefaults.user,
    readyTimeout: (endpoint.perDialTimeout ?? endpointDefaults.perDialTimeout) * 1000,
    tryKeyboard: endpoint.password !== undefined,
  };
  if (endpoint.password !== undefined) config.password = endpoint.password;
  if (endpoint.privateKey !== undefined) config.privateKey = endpoint.privateKey;
  if (endpoint.privateKeyPassword !== undefined) config.passphrase = endpoint.privateKeyPassword;
  const agent = endpoint.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
  if (agent !== undefined && agent !== "") config.agent = agent;
  // The channel is all of a socket that the client uses.
  if (through !== undefined) config.sock = through;
  if (endpoint.hostKey !== undefined) {
    const { algorithm, key } = parseHostKey(endpoint.hostKey);
    config.algorithms = { serverHostKey: [algorithm] };
    config.hostVerifier = (offered: Buffer): boolean => {
      hostKey.refused = !offered.equals(key);
      return !hostKey.refused;
    };
  }
  client.on("keyboard-interactive", (_name, _instructions, _language, prompts, answer) => {
    answer(prompts.map(() => endpoint.password ?? ""));
  });
  // A connection may also break later; the channel's end tells that.
  client.on("error", () => undefined);
  const ready = Promise.race([
    once(client, "ready"),
    once(client, "close").then(() => Promise.reject(new Error("the host closed the connection"))),
  ]);
  try {
    client.connect(config);
    await ready;
    return client;
  } catch (error) {
    ready.catch(() => undefined);
    client.end();
    if (hostKey.refused) throw new Error("ssh: handshake failed: ssh: host key mismatch");
    throw error;
  }
}

/** The first known algorithm in the text and the key after it: options before it and a comment after it are allowed. */
export function parseHostKey(text: string): { algorithm: ServerHostKeyAlgorithm; key: Buffer } {
  const [, algorithm, key] = /(?:^|\s)((?:ssh|ecdsa)-\S+)\s+(\S+)/.exec(text) ?? [];
  if (algorithm === undefined || key === undefined)
    throw new Error("failed to parse host key: ssh: no key found");
  return { algorithm: algorithm as ServerHostKeyAlgorithm, key: Buffer.from(key, "base64") };
}

function forward(hop: Client, { host, port = endpointDefaults.port }: Endpoint): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    hop.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      if (error) reject(error);
      else resolve(channel);
    });
  });
}
