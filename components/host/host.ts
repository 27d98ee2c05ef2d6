import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { connectionArgs, reachabilityCheck, type SshSettings, unknownServer } from "./connection";
import { atDestroy } from "./destroy-check";
import { Drift } from "./drift";
import { machineIn } from "./identity";
import { refuseMove } from "./move";
import { knownValueOf } from "./values";
import type { HostAction, HostArgs } from "./host-args";
import { preflightOf, preflightScript } from "./preflight";
import type { Requirements } from "./required";
import { ScriptLines } from "./script-lines";
import { setup } from "./scripts";
import { Session } from "./session";
import { shellLine } from "./shell";
import { Component, steady } from "./steady";
import { Trial } from "./trial";
import { Waiting } from "./waiting";
import { plainName, refuseWords } from "./words";

/** A component's `dependsOn`, for its children: Pulumi does not hand it down. */
export function dependencies(
  opts: pulumi.ResourceOptions | undefined,
): Pick<pulumi.ResourceOptions, "dependsOn"> {
  return opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn };
}

/**
 * For `--replace` and `pulumi state taint`: a command is the same as before it, and a deletion after it would take away what
 * it has found in place. The scripts leave alone what others of the environment still need, which is so in no destroy.
 */
const replaced = { deleteBeforeReplace: true } as const;

/**
 * A Debian host over SSH, and the only place that makes a `remote.Command`. Each is one short line that calls a script
 * under `/usr/local/lib/soar-profiling/<environment>/`: on failure the provider prints the whole command, and a user
 * must see the validator's message, not a script.
 */
export class Host extends Component {
  private readonly lines: ScriptLines;
  private readonly ssh: SshSettings;
  /** Whether it is one of several. */
  private readonly isNamed: boolean;
  private readonly connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  private readonly setup: command.remote.Command;
  private readonly setupUrn: pulumi.Output<string>;
  /** Which machine it is; undefined in a preview that does not know yet. */
  readonly machine: pulumi.Output<string | undefined>;
  /**
   * What was changed on the host by hand, if that is asked for.
   * @internal
   */
  readonly drift: Drift | undefined;
  private readonly waiting: Waiting;
  /** In a preview, if the host may be asked. */
  private readonly trial: Trial | undefined;

  constructor(name: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:host:Host", name, opts);
    const isOurs = args.environment === "configured";
    refuseWords(
      `Host ${name}`,
      { environment: [args.environment, plainName] },
      isOurs ? `environment is "configured", which is a name of our own: choose another` : undefined,
      unknownServer(args.ssh),
    );
    this.lines = new ScriptLines(args.environment, args.ssh);
    this.ssh = args.ssh;
    const { setting = "host", owner: stack, renamed } = args;
    this.isNamed = setting !== "host";
    this.connection = pulumi.secret(connectionArgs(args.ssh, args.privateKey));
    this.waiting = new Waiting(args.ssh, args.privateKey);
    if (args.detectDrift === true) {
      const session = new Session(args.ssh, args.privateKey);
      const prefix = this.isNamed ? `${setting}: ` : "";
      this.drift = new Drift({ session, stack, command: this.lines.drift(), prefix, renamed });
      if (pulumi.runtime.isDryRun()) {
        const check = (id: string, base: string | undefined): string => this.lines.check(id, base);
        this.trial = new Trial(session, this.drift.told, check, prefix);
      }
    }
    const move = {
      stack,
      ssh: args.ssh,
      privateKey: args.privateKey,
      replaces: args.replaces,
      setting,
      renamed,
    };
    // Not by asking the resource, whose failure would be told here once more.
    this.setupUrn = pulumi.createUrn(`${name}-setup`, "command:remote:Command", this);
    this.setup = this.setUp(
      `${name}-setup`,
      args,
      refuseMove(move, [`${name}-setup`, `${name}-preflight-check`]),
    );
    this.machine = pulumi.output(knownValueOf(this.setup.stdout).then((said) => machineIn(said ?? "")));
    this.registerOutputs();
  }

  /** One command: it looks at the host, and where that is ready, brings the scripts and takes the environment's place there. */
  private setUp(name: string, args: HostArgs, admitted: Promise<void>): command.remote.Command {
    const required = pulumi.output(args.requirements).apply((all) => all as Requirements);
    const look = required.apply(preflightOf);
    const script = pulumi
      .all([required, args.scrapedLogin, args.storageLogin])
      .apply(([all, ...logins]) => preflightScript(all as Requirements, ...logins));
    const tried = pulumi.all([look, script]).apply(([{ words, seconds }, text]) => {
      const line = shellLine(["timeout", seconds, "sh", "-s", "--", ...words]);
      return this.trial?.ofPreflight(line, text, () => made);
    });
    const made: command.remote.Command = new command.remote.Command(
      name,
      {
        connection: this.connection,
        create: pulumi
          // Of the trial it is only when that ends, which is no secret.
          .all([look, this.generation("scripts", name, this), pulumi.unsecret(tried), admitted])
          .apply(([{ words, seconds }, option]) => {
            const own = [args.environment, args.owner, args.ownsPlatform ? "own" : "shared", ...option, "--"];
            return shellLine(["timeout", seconds + 60, "sh", "-s", "--", ...own, ...words]);
          }),
        delete: this.lines.removal(["uninstall"]),
        stdin: script.apply((text) => setup(text, this.lines.asRoot, args.scripts, args.ssh.restricted)),
        addPreviousOutputInEnv: false,
      },
      // A program before this one did it in three commands; of them, this is the one that took the scripts away.
      { parent: this, aliases: [{ name: name.replace(/setup$/, "scripts") }], ...replaced },
    );
    this.waiting.add(steady(made));
    return made;
  }

  /** A resource that runs a script of ours, after the scripts are there and before they go. */
  command(
    name: string,
    action: HostAction,
    opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
  ): command.remote.Command {
    const after = opts.dependsOn;
    const generation = action.record === undefined ? [] : this.generation(action.record, name, opts.parent);
    const made: command.remote.Command = new command.remote.Command(
      name,
      {
        connection: this.connection,
        create: pulumi
          .all([action.run, generation, this.tried(action, () => made)])
          .apply(([words, option]) => this.lines.run([...words, ...option])),
        ...(action.remove === undefined ? {} : { delete: this.lines.removal(action.remove) }),
        ...(action.stdin === undefined ? {} : { stdin: action.stdin }),
        ...(action.silent === true ? { logging: command.remote.Logging.None } : {}),
        addPreviousOutputInEnv: false,
      },
      {
        ...opts,
        ...replaced,
        dependsOn: pulumi
          .output(after)
          .apply((resources) => [this.setup, ...(resources === undefined ? [] : [resources].flat())]),
      },
    );
    this.waiting.add(steady(made));
    if (action.record !== undefined) this.drift?.done(action.record, made.create);
    return made;
  }

  /** The line of a declaration that runs one of the scripts which this host was given. */
  declared(script: string, ...args: (string | number)[]): string {
    return this.lines.declared([script, ...args]);
  }

  /**
   * The first to go in a destroy: fails at once, with what to do, when the host cannot be reached. It opens no
   * connection otherwise.
   */
  guardDestroy(
    name: string,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
  ): command.local.Command {
    return new command.local.Command(
      name,
      atDestroy(reachabilityCheck(this.ssh, this.isNamed ? this.setupUrn : undefined)),
      opts,
    );
  }

  /** The last words of the command that makes these records; none as long as they were not changed by hand. */
  private generation(
    record: string,
    name: string,
    resource: pulumi.Resource,
  ): pulumi.Output<(string | number)[]> {
    const generation = this.drift?.generation(record, name, resource) ?? pulumi.output(0);
    return generation.apply((n) => (n === 0 ? [] : ["--generation", n]));
  }

  /** Settled once a preview knows what the host says of it, so that no preview ends before. */
  private tried(action: HostAction, resource: () => pulumi.Resource): Promise<void> | undefined {
    const { record: id, stdin: declaration, trial } = action;
    if (trial === undefined || id === undefined || declaration === undefined) return undefined;
    return this.trial?.of({ id, declaration, base: trial.base }, resource);
  }
}
