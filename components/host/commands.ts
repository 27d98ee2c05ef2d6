import type { Client, ClientChannel } from "ssh2";
import { marked } from "./answer";

/** How many run at once: sshd takes ten on one connection (MaxSessions) unless it is told otherwise. */
const mostAtOnce = 6;

/** A command that ran to its end, and failed; the message is what it printed as an error. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** What it printed otherwise. */
    readonly out = "",
  ) {
    super(message);
  }
}

const connectionLost = "the connection was lost";

/** The commands on one connection. */
export class Commands {
  private readonly disconnected: Promise<never>;
  private running = 0;
  private limit = mostAtOnce;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly client: Client,
    ended: Promise<void>,
  ) {
    this.disconnected = ended.then(() => Promise.reject(new Error(connectionLost)));
    this.disconnected.catch(() => undefined);
  }

  async run(command: string, stdin: string | Buffer): Promise<Buffer> {
    const { line, answer } = marked(command);
    const { out, err } = await Promise.race([this.inTurn(line, stdin), this.disconnected]);
    const said = answer(out, err);
    if (said === undefined) {
      const words = lastWords(out) || lastWords(err);
      throw new Error(`the login shell did not run a command to its end${words && `; it said: ${words}`}`);
    }
    if (said.status === 0) return said.out;
    const words = said.err.trim() || `the command ended with status ${said.status}`;
    throw new CommandError(words, said.status, said.out.toString());
  }

  private async inTurn(line: string, stdin: string | Buffer): Promise<Printed> {
    for (;;) {
      while (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
      this.running++;
      try {
        const channel = await exec(this.client, line).catch((error: unknown) => {
          // A server that takes fewer: this one is tried again when another has ended.
          if (this.running === 1) throw error;
          this.limit = this.running - 1;
        });
        if (channel !== undefined) return await collect(channel, stdin);
      } finally {
        this.running--;
        this.waiting.shift()?.();
      }
    }
  }
}

interface Printed {
  out: Buffer;
  err: Buffer;
}

function exec(client: Client, line: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(line, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
}

function collect(channel: ClientChannel, stdin: string | Buffer): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    channel.on("data", (chunk: Buffer) => out.push(chunk));
    channel.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    channel.once("close", (status: number | null | undefined) => {
      if (status === undefined) reject(new Error(connectionLost));
      resolve({ out: Buffer.concat(out), err: Buffer.concat(err) });
    });
    channel.on("error", () => undefined); // The command may end without reading its input.
    channel.end(stdin);
  });
}

/** The end of a text, for an error. */
function lastWords(printed: Buffer): string {
  return printed
    .toString()
    .trim()
    .split(/\s*\n\s*/)
    .slice(-2)
    .join(" ")
    .slice(-200);
}
