import { openSsh, type SshConnection } from "../../components/host/ssh";
import { pushUrl } from "../../config/push";
import { HostHttp } from "./http";
import { Pyroscope } from "./pyroscope";
import { pyroscopeAddress, type VerifyTarget } from "./target";

/** How long the host may take for one answer, in milliseconds: a busy profiler is asked again for a minute. */
const patience = 180_000;

/** One SSH connection to a host, and all that is asked through it. */
export class HostSession {
  readonly http = new HostHttp((command, stdin) => this.run(command, stdin));

  private constructor(
    private readonly connection: SshConnection,
    private readonly sudo: string,
  ) {}

  static async open({ settings, secrets }: Pick<VerifyTarget, "settings" | "secrets">): Promise<HostSession> {
    const { host } = settings;
    const connection = await inTime(openSsh(host, secrets.sshPrivateKey), host.address);
    return new HostSession(connection, host.user === "root" ? "" : "sudo -n ");
  }

  /** The Pyroscope that the stack sends to. */
  pyroscope(target: VerifyTarget): Pyroscope {
    return new Pyroscope(this.http, pyroscopeAddress(target));
  }

  /** The Alloy that takes what programs push, as it stands in for a Pyroscope; undefined where it takes nothing. */
  receiver({ settings: { push } }: VerifyTarget): Pyroscope | undefined {
    return push === undefined ? undefined : new Pyroscope(this.http, { url: pushUrl(push) });
  }

  /** Runs a script as root; returns what it printed. */
  async asRoot(script: string): Promise<string> {
    return (await this.run(`${this.sudo}sh -s`, script)).toString();
  }

  end(): void {
    this.connection.end();
  }

  private run(command: string, stdin: string): Promise<Buffer> {
    return inTime(this.connection.run(command, { stdin }), "the host");
  }
}

/** The timer is also what keeps the process alive: the connection does not. */
async function inTime<T>(answer: Promise<T>, who: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer from ${who} in ${patience / 1000} s`));
    }, patience);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
