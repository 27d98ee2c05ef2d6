import { spawn } from "node:child_process";
import { type AddressInfo, connect } from "node:net";
import { type AuthContext, type Connection, Server, utils } from "ssh2";

export interface TargetOptions {
  /** Connections that are cut before the SSH handshake, counted from the first. */
  cutFirst?: number;
  /** Variables that are accepted, as by AcceptEnv; all by default. */
  accept?: (name: string) => boolean;
  password?: string;
  /** A public key in OpenSSH's format that may log in. */
  publicKey?: string;
  /** A home whose `.bashrc` bash, as the login shell, runs first; there is none, and `sh` is the shell, by default. */
  home?: string;
  /** Commands that run at once on one connection, as by MaxSessions; the next is refused. */
  maxSessions?: number;
  /** Whether connections are let through, as by AllowTcpForwarding; they are by default. */
  forwards?: boolean;
}

export interface Target {
  port: number;
  hostKey: string;
  /** What has reached the target, in order. */
  seen: { connections: number; logins: string[]; commands: string[]; forwards: number };
  /** Connections that are open now. */
  open(): number;
  stop(): Promise<void>;
}

/** One in 170 keys that ssh2 1.17.0 makes it cannot read itself ("Malformed OpenSSH private key"): those are made anew. */
export function newKey(passphrase?: string): { private: string; public: string } {
  for (;;) {
    const key =
      passphrase === undefined
        ? utils.generateKeyPairSync("ed25519")
        : utils.generateKeyPairSync("ed25519", { passphrase, cipher: "aes256-ctr", rounds: 4 });
    if (!(utils.parseKey(key.private, passphrase) instanceof Error)) return key;
  }
}

/**
 * An SSH server in this process, on loopback, that runs commands by `sh -c` on this machine. It is no sandbox host: it
 * counts what arrives and fails on demand, which a real sshd does not.
 */
export async function startTarget(options: TargetOptions = {}): Promise<Target> {
  const key = newKey();
  const seen: Target["seen"] = { connections: 0, logins: [], commands: [], forwards: 0 };
  const open = new Set<Connection>();
  const server = new Server({ hostKeys: [key.private] }, (connection) => {
    seen.connections++;
    if (seen.connections <= (options.cutFirst ?? 0)) return void connection.end();
    open.add(connection);
    connection.on("close", () => open.delete(connection)).on("error", () => undefined);
    connection.on("authentication", (attempt) => {
      if (!allowed(attempt, options)) {
        // A client that asks what is possible, as Go's does first, tries nothing that is not named.
        attempt.reject([
          ...(options.publicKey === undefined ? [] : (["publickey"] as const)),
          ...(options.password === undefined ? [] : (["password"] as const)),
        ]);
        return;
      }
      if (!(attempt.method === "publickey" && attempt.signature === undefined)) {
        seen.logins.push(`${attempt.username} by ${attempt.method}`);
      }
      attempt.accept();
    });
    connection.on("ready", () => {
      serveSessions(connection, options, seen);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: key.public.split(" ").slice(0, 2).join(" "),
    seen,
    open: () => open.size,
    stop: () => {
      for (const connection of open) connection.end();
      return new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
    },
  };
}

function allowed(attempt: AuthContext, { password, publicKey }: TargetOptions): boolean {
  if (password === undefined && publicKey === undefined) return true;
  if (attempt.method === "password") return attempt.password === password;
  if (attempt.method !== "publickey" || publicKey === undefined) return false;
  const parsed = utils.parseKey(publicKey);
  if (parsed instanceof Error) throw parsed;
  if (!attempt.key.data.equals(parsed.getPublicSSH())) return false;
  if (attempt.signature === undefined || attempt.blob === undefined) return true;
  return parsed.verify(attempt.blob, attempt.signature, attempt.hashAlgo);
}

function serveSessions(connection: Connection, options: TargetOptions, seen: Target["seen"]): void {
  let sessions = 0;
  connection.on("session", (accept, refuse) => {
    if (sessions >= (options.maxSessions ?? Infinity)) {
      refuse();
      return;
    }
    const environment: Record<string, string> = {};
    const session = accept();
    sessions++;
    session.once("close", () => sessions--);
    session.on("env", (acceptVariable, refuse, { key, val }) => {
      if (options.accept?.(key) === false) {
        refuse();
        return;
      }
      environment[key] = val;
      acceptVariable();
    });
    session.on("exec", (acceptCommand, _refuse, { command }) => {
      seen.commands.push(command);
      const channel = acceptCommand();
      const { home } = options;
      // At this level bash takes a command whose input is a socket for one of sshd.
      const asOfSshd = home === undefined ? {} : { HOME: home, SHLVL: "0" };
      const child = spawn(home === undefined ? "sh" : "bash", ["-c", command], {
        env: { ...process.env, ...environment, ...asOfSshd },
      });
      channel.pipe(child.stdin.on("error", () => undefined));
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on("close", (code, signal) => {
        if (signal === null) channel.exit(code ?? 0);
        else channel.exit(signal.replace(/^SIG/, ""));
        channel.end();
      });
    });
  });
  connection.on("tcpip", (accept, refuse, { destIP, destPort }) => {
    if (options.forwards === false) {
      prohibit(connection);
      refuse();
      return;
    }
    seen.forwards++;
    const channel = accept();
    const socket = connect(destPort, destIP);
    channel.on("error", () => undefined).pipe(socket.on("error", () => undefined));
    socket.pipe(channel);
  });
}

/** The library refuses a channel only as one that cannot be connected; sshd says "administratively prohibited" (1). */
function prohibit(connection: Connection): void {
  interface Protocol {
    channelOpenFail: (channel: number, reason: number, words: string) => void;
  }
  const { _protocol: protocol } = connection as unknown as { _protocol: Protocol };
  const fail = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (channel) => {
    fail(channel, 1, "open failed");
  };
}
