import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { SshServer, SshSettings } from "./connection";
import { fingerprint } from "./identity";
import { endOf, valueOf } from "./values";

/** How long nothing may come from the host before it is said, in milliseconds: half of what a login that fails takes. */
const silence = 8_000;

/** A command that takes as long has logged in: what only is as it was comes at once. In milliseconds. */
const work = 1_000;

/**
 * Says who is waited for, once in an `up`: the plugin tries a login that fails ten times, without a word. Nothing is said once
 * a command has been seen to do something, since the login is right then.
 */
export class Waiting {
  private readonly pending = new Set<command.remote.Command>();
  private timer: NodeJS.Timeout | undefined;
  private last = Date.now();
  private isOver = pulumi.runtime.isDryRun();

  constructor(
    private readonly ssh: SshSettings,
    private readonly privateKey: pulumi.Input<string> | undefined,
  ) {}

  /** One more command that the host is to do. */
  add(made: command.remote.Command): void {
    if (this.isOver) return;
    this.pending.add(made);
    this.restart();
    void endOf(made.stdout).then((isDone) => {
      this.pending.delete(made);
      if (!isDone || Date.now() - this.last > work) this.isOver = true;
      this.restart();
    });
  }

  private restart(): void {
    this.last = Date.now();
    clearTimeout(this.timer);
    if (this.isOver || this.pending.size === 0) return;
    this.timer = setTimeout(() => void this.tell(), silence);
    this.timer.unref();
  }

  private async tell(): Promise<void> {
    this.isOver = true;
    const key = await keyWords(await valueOf(this.privateKey));
    const { jump } = this.ssh;
    const way = jump === undefined ? "" : `, through ${words(jump)}`;
    void pulumi.log.info(
      `No command has ended on the host for ${silence / 1000} s: ${words(this.ssh)}${way}. Either one takes its time, or the ` +
        `login does not succeed: it is tried ten times, for about 15 s, with ${key}.`,
    );
  }
}

function words({ user, address, port }: SshServer): string {
  return `${user}@${address} port ${port}`;
}

/** Which key it is, as `ssh-keygen -lf` shows it for a line of `authorized_keys`. */
async function keyWords(privateKey: string | undefined): Promise<string> {
  if (privateKey === undefined) return "the keys of the SSH agent";
  // Loaded when it is needed: most runs need none. Node finds its `utils` only as a part of all that it exports.
  const { default: ssh2 } = await import("ssh2");
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) return "sshPrivateKey";
  return `sshPrivateKey, whose public half is ${fingerprint(key.getPublicSSH())}`;
}
