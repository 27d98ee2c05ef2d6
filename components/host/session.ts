import type * as pulumi from "@pulumi/pulumi";
import type { SshSettings } from "./connection";
import { valueOf } from "./values";
import { openSsh, type SshConnection } from "./ssh";

/** How long a connection stays at most, in milliseconds, should something never come that it is held for. */
const longest = 180_000;

/** One SSH connection for a run of the program. It ends when nothing holds it any more. */
export class Session {
  private readonly connecting: Promise<SshConnection>;
  private holders = 0;

  constructor(
    private readonly ssh: SshSettings,
    privateKey: pulumi.Input<string> | undefined,
  ) {
    this.connecting = valueOf(privateKey).then((key) => openSsh(ssh, key));
    this.connecting.catch(() => undefined);
    setTimeout(() => {
      this.end();
    }, longest).unref();
  }

  /**
   * Runs a command on the host, and keeps the process alive meanwhile.
   * @param seconds how long it may take
   */
  async run(command: string, seconds: number, stdin = ""): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer from ${this.ssh.address} in ${seconds} s`));
      }, seconds * 1000);
    });
    const answer = this.connecting.then((connection) => connection.run(command, { stdin }));
    try {
      return (await Promise.race([answer, tooLate])).toString();
    } finally {
      clearTimeout(timer);
    }
  }

  /** It stays at least until this is settled. */
  hold(work: Promise<unknown>): void {
    this.holders++;
    const release = (): void => {
      this.holders--;
      if (this.holders === 0) this.end();
    };
    void work.then(release, release);
  }

  private end(): void {
    void this.connecting.then(
      (connection) => {
        connection.end();
      },
      () => undefined,
    );
  }
}
