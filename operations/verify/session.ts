import { openSsh, type SshConnection } from "../../components/host/ssh";
import { HostHttp } from "./http";
import { Pyroscope } from "./pyroscope";
import { pyroscopeAddress, type VerifyTarget } from "./target";

/** One SSH connection to a host, and all that is asked through it. */
export class HostSession {
  readonly http = new HostHttp((command, stdin) => this.connection.run(command, { stdin }));

  private constructor(
    private readonly connection: SshConnection,
    private readonly sudo: string,
  ) {}

  static async open({ settings, secrets }: Pick<VerifyTarget, "settings" | "secrets">): Promise<HostSession> {
    const connection = await openSsh(settings.host, secrets.sshPrivateKey);
    return new HostSession(connection, settings.host.user === "root" ? "" : "sudo -n ");
  }

  /** The Pyroscope that the stack sends to. */
  pyroscope(target: VerifyTarget): Pyroscope {
    return new Pyroscope(this.http, pyroscopeAddress(target));
  }

  /** Runs a script as root; returns what it printed. */
  async asRoot(script: string): Promise<string> {
    return (await this.connection.run(`${this.sudo}sh -s`, { stdin: script })).toString();
  }

  end(): void {
    this.connection.end();
  }
}
