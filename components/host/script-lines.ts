import type { SshSettings } from "./connection";
import { oneLine } from "./scripts";
import { shellLine } from "./shell";

/** A script of ours, without its directory, and its arguments. */
type Words = readonly (string | number)[];

/**
 * How long a script may take, in seconds, before it is ended, if it should not keep to its own limit (`time_limit` in
 * `scripts/time.sh`): by that it has put back what it had begun.
 */
const timeLimit = 1500;

/** The same of what only looks. */
const lookLimit = 60;

const byCopies = oneLine("by-copies.sh");

/** The command lines by which the scripts of an environment are called on its host. */
export class ScriptLines {
  /** What comes before a command for root; nothing where root logs in. */
  readonly asRoot: string;
  private readonly directory: string;
  private readonly records: string;

  constructor(
    private readonly environment: string,
    private readonly ssh: Pick<SshSettings, "user" | "restricted">,
  ) {
    this.asRoot = ssh.user === "root" ? "" : "sudo -n ";
    this.directory = `/usr/local/lib/soar-profiling/${environment}`;
    this.records = `/var/lib/soar-profiling/${environment}`;
  }

  /** Changes the host. */
  run(words: Words): string {
    if (this.ssh.restricted === true) return this.byOwnWay(timeLimit, words);
    const [script, ...args] = words;
    return `${this.asRoot}${shellLine(["timeout", "-k", 30, timeLimit, `${this.directory}/${script}`, ...args])}`;
  }

  /**
   * The same at a deletion. Does nothing on a host that has neither records nor scripts of the environment: all was removed
   * already, or the host is a new one. With the scripts alone there, the records were lost, and the scripts have a spare of them.
   */
  removal(words: Words): string {
    return this.whereThere(this.run(words));
  }

  /** Asks for what a script prints that only looks, of a user who may do no more than deploy. */
  asked(words: Words): string {
    return this.byOwnWay(lookLimit, words);
  }

  /** Runs `scripts/drift`. Finds nothing on a host where the scripts are not there yet. */
  drift(): string {
    return this.whereThere(this.looking(["drift"], ""));
  }

  /** Runs `scripts/check` for a service, after that of its base. */
  check(id: string, base: string | undefined): string {
    const older = "unchecked it lacks a script of this program, which comes with an up";
    return this.looking(["check", id, ...(base === undefined ? [] : [base])], older);
  }

  /**
   * Is run by a declaration, as root: by its path, because a script of another environment of the host may run the line, too,
   * and that may be of another version of this program (`take_latest_probes` in `scripts/remove.sh`).
   */
  declared([script, ...args]: Words): string {
    return shellLine([`${this.directory}/${script}`, ...args]);
  }

  /** By `scripts/as-root`: whoever may do everything calls a script, and who may only deploy asks for it. */
  private byOwnWay(seconds: number, words: Words): string {
    return shellLine([`${this.directory}/as-root`, seconds, ...words]);
  }

  private whereThere(line: string): string {
    return `test ! -d ${this.records} && test ! -d ${this.directory} || ${line}`;
  }

  /**
   * Runs what only looks at the host. Where the scripts were removed or edited, it runs by the copies of them.
   * @param otherwise what is printed where neither is there
   */
  private looking(words: Words, otherwise: string): string {
    if (this.ssh.restricted === true) return this.byOwnWay(lookLimit, words);
    const places = [`${this.records}/scripts/${this.environment}`, this.directory];
    return `${this.asRoot}${shellLine(["timeout", lookLimit, "sh", "-c", byCopies, "sh", ...places, otherwise, ...words])}`;
  }
}
