import { createServer, type Server, type Socket } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../config/refusal";
import { dialed, type SshSettings } from "./connection";
import type { DestroyCheck } from "./destroy-check";
import { withoutHead } from "./scripts";
import { valueOf } from "./values";
import { type SshConnection, openSsh } from "./ssh";
import { backgroundSsh } from "./ssh-command";

/** Where a tunnel begins and ends. */
export interface TunnelArgs {
  /** The port on the loopback of the machine that Pulumi runs on. */
  localPort: number;
  /** The setting that this port comes from, for messages. */
  setting: string;
  ssh: SshSettings;
  /** @default the SSH agent */
  privateKey?: pulumi.Input<string> | undefined;
  /** An http or https URL, as it is reached from the host. */
  url: string;
}

/** How long the SSH connection stays after its last use, in milliseconds. */
const idleTime = 3_000;

/** The tunnels of this process by local port: in the Automation API one program runs after the other. */
const tunnels = new Map<number, Tunnel>();

/**
 * Listens on a local port for as long as the program runs, and forwards what comes there through SSH to a URL's address.
 * The connection is opened when the port is first used, so an `up` that changes nothing there opens none.
 * @returns the URL by which the other end is reached from here
 * @throws pulumi.RunError when the port is taken
 */
export async function openTunnel(args: TunnelArgs): Promise<string> {
  const old = tunnels.get(args.localPort);
  if (old?.isBusy === true && old.url !== args.url) throw portTaken(args);
  await old?.close();
  const tunnel = new Tunnel(args);
  await tunnel.listen();
  tunnels.set(args.localPort, tunnel);
  return throughTunnel(args.url, args.localPort);
}

/** The same URL at a port of this machine. */
export function throughTunnel(url: string, localPort: number): string {
  const local = new URL(url);
  local.hostname = "127.0.0.1";
  local.port = String(localPort);
  return local.toString().replace(/\/+$/, "");
}

/** Whether something answers at the tunnel's port. */
export function tunnelCheck({
  localPort,
  ssh,
  url,
}: Pick<TunnelArgs, "localPort" | "ssh" | "url">): DestroyCheck {
  const { host, port } = dialed(url);
  const byHand = backgroundSsh(ssh, `-L ${localPort}:${host}:${port}`);
  const message =
    `The tunnel to ${url} is not there: nothing answers at 127.0.0.1 port ${localPort}. The program opens it: add ` +
    `--run-program to pulumi destroy, pulumi refresh and whatever has --refresh. Or open it by hand meanwhile: ${byHand}`;
  return {
    question: `the tunnel at 127.0.0.1 port ${localPort}`,
    script: withoutHead("tunnel-answers.cjs"),
    message,
  };
}

class Tunnel {
  readonly url: string;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private connection: Promise<SshConnection> | undefined;
  private idle: NodeJS.Timeout | undefined;
  private lastProblem: string | undefined;

  constructor(private readonly args: TunnelArgs) {
    this.url = args.url;
    this.server = createServer((socket) => void this.forward(socket));
    // Neither keeps the process alive.
    this.server.unref();
  }

  get isBusy(): boolean {
    return this.sockets.size > 0;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", (error: NodeJS.ErrnoException) => {
        reject(error.code === "EADDRINUSE" ? portTaken(this.args) : error);
      });
      this.server.listen(this.args.localPort, "127.0.0.1", resolve);
    });
  }

  /** Takes no more connections; those that there are go on to their end. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close();
      // `close` calls back only when all connections have ended; the port is free at once.
      setImmediate(resolve);
    });
  }

  private async forward(socket: Socket): Promise<void> {
    this.sockets.add(socket);
    clearTimeout(this.idle);
    socket.unref();
    // The other side may end it at any time; that is no problem of the program.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.sockets.delete(socket);
      if (!this.isBusy) this.idle = setTimeout(() => void this.hangUp(), idleTime).unref();
    });
    try {
      this.connection ??= this.dial();
      const { host, port } = dialed(this.url);
      const channel = await (await this.connection).forward(host, port);
      channel.on("error", () => undefined);
      channel.once("close", () => socket.destroy());
      socket.once("close", () => void channel.destroy());
      socket.pipe(channel).pipe(socket);
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
      socket.destroy();
    }
  }

  private async dial(): Promise<SshConnection> {
    const { ssh, privateKey } = this.args;
    const connection = await openSsh(ssh, await valueOf(privateKey));
    void connection.ended.then(() => (this.connection = undefined));
    return connection;
  }

  private async hangUp(): Promise<void> {
    const connection = this.connection;
    this.connection = undefined;
    await connection?.then(
      (open) => {
        open.end();
      },
      () => undefined,
    );
  }

  /** The provider sees a connection that ends, and knows no reason; several resources meet the same one. */
  private tell(problem: string): void {
    this.connection = undefined;
    if (problem === this.lastProblem) return;
    this.lastProblem = problem;
    void pulumi.log.error(`The tunnel to ${this.url} (${this.args.setting}): ${problem}`);
  }
}

function portTaken({ localPort, setting }: TunnelArgs): Error {
  const message =
    `${setting}: port ${localPort} of this machine's loopback is taken. End what listens there, perhaps another pulumi ` +
    `command of this stack, or set another port`;
  return refusal(message);
}
