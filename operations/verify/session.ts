import { openSsh, type SshConnection } from "../../components/host/ssh";
import { pushUrl } from "../../config/push";
import { ScriptLines } from "../../components/host/script-lines";
import { type FactsWanted, factsScript, factsWords, type HostFacts, parseFacts } from "./host-facts";
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
    /** How the host is asked for what only root can tell. */
    private readonly ask: { line: (wanted: FactsWanted) => string; script: (wanted: FactsWanted) => string },
  ) {}

  static async open({ settings, secrets }: Pick<VerifyTarget, "settings" | "secrets">): Promise<HostSession> {
    const { host, environment } = settings;
    const connection = await inTime(openSsh(host, secrets.sshPrivateKey), host.address);
    const lines = new ScriptLines(environment, host);
    return new HostSession(
      connection,
      host.restricted
        ? { line: (wanted) => lines.asked(factsWords(wanted)), script: () => "" }
        : { line: () => `${lines.asRoot}sh -s`, script: factsScript },
    );
  }

  /** The Pyroscope that the stack sends to. */
  pyroscope(target: VerifyTarget): Pyroscope {
    return new Pyroscope(this.http, pyroscopeAddress(target));
  }

  /** The Alloy that takes what programs push, as it stands in for a Pyroscope; undefined where it takes nothing. */
  receiver({ settings: { push } }: VerifyTarget): Pyroscope | undefined {
    return push === undefined ? undefined : new Pyroscope(this.http, { url: pushUrl(push) });
  }

  /** What only the host itself can tell. */
  async facts(wanted: FactsWanted): Promise<HostFacts> {
    return parseFacts((await this.run(this.ask.line(wanted), this.ask.script(wanted))).toString());
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
