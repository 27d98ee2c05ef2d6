import * as pulumi from "@pulumi/pulumi";
import { lastCommands, type Renamed } from "./last-commands";
import type { Session } from "./session";

/** What {@link Drift} asks, and whom. */
export interface DriftArgs {
  session: Session;
  /** Runs `scripts/drift` on the host; prints nothing where it is not there yet. */
  command: string;
  /** The Pulumi stack, `organization/project/stack`, whose state says how its commands were last. */
  stack: string;
  /** What a warning begins with that is of no resource: the name of one of several hosts. @default nothing */
  prefix?: string;
  /** What that has under other names. @default nothing */
  renamed?: Renamed | undefined;
}

/** What the host says of one service. */
interface ServiceState {
  generation: number;
  /** SHA-256 of the declaration that was applied last. */
  digest?: string;
  /** What an `up` puts right; below the first line of one, what was edited. */
  differences: string[];
  /** What wins over the files of the service: an `up` runs its command, and fails as long as it is there. */
  foreign: string[];
}

/** By the name of the service's records. */
export type ServiceStates = Record<string, ServiceState>;

/** How long the host may take to answer, in seconds. */
const patience = 20;

/**
 * Finds what was changed by hand on the host: `remote.Command` has no Read, so Pulumi would not see it. The records of each
 * service on the host have a generation, which is part of its command: one more where something differs, so that Pulumi
 * runs the command again. When the host cannot be asked, the generations are those of the commands in the stack's state, so
 * that there is no false difference.
 */
export class Drift {
  private readonly stack: string;
  private readonly renamed: Renamed | undefined;
  private last: Promise<Generations> | undefined;
  private isExplained = false;
  private readonly all: Record<string, pulumi.Output<number>> = {};
  /** What the host itself says; undefined where it cannot be asked. */
  readonly told: Promise<ServiceStates | undefined>;

  constructor({ session, command, stack, prefix = "", renamed }: DriftArgs) {
    this.stack = stack;
    this.renamed = renamed;
    this.told = session
      .run(command, patience)
      .then(parseStates)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        void pulumi.log.warn(
          `${prefix}detectDrift: the host could not be asked, so what was changed there by hand is not shown: ${reason}`,
        );
        return undefined;
      });
    session.hold(this.told);
  }

  /**
   * The generation of a service's records; what differs is told as a warning of its resource.
   * @param name of the command that makes the records
   */
  generation(id: string, name: string, resource: pulumi.Resource): pulumi.Output<number> {
    const state = this.state(id, name);
    const generation = pulumi.output(state).apply(({ generation, differences, foreign }) => {
      for (const difference of differences) {
        const [what, ...lines] = difference.split("\n");
        const told = [`On the host ${what}. An up puts it back.`, ...lines.map((line) => `  ${line}`)];
        void pulumi.log.warn(told.join("\n"), resource);
      }
      for (const what of foreign) {
        void pulumi.log.warn(`On the host ${what}. An up fails until then.`, resource);
      }
      if (differences.length + foreign.length === 0) return generation;
      this.explain();
      return generation + 1;
    });
    this.all[id] = generation;
    return generation;
  }

  /** Once: what the commands that run again have at their end. */
  private explain(): void {
    if (this.isExplained) return;
    this.isExplained = true;
    void pulumi.log.info(
      "What was changed on the host is put back by its command, which is run again: --generation N at its end counts how often.",
    );
  }

  private async state(id: string, name: string): Promise<ServiceState> {
    const told = await this.told;
    const state = told?.[id];
    if (state !== undefined) return state;
    this.last ??= lastGenerations(this.stack, this.renamed);
    const generation = (await this.last)[name];
    // The host has no records of it: it is new, or they went by another hand than this stack's.
    const isLost = told !== undefined && generation !== undefined;
    const what = `nothing is known of ${id}: its records were removed`;
    return { generation: generation ?? 0, differences: isLost ? [what] : [], foreign: [] };
  }

  /** What was done of it: the line that ran last, which may be one of before where an `up` leaves it out (`--target`). */
  done(id: string, create: pulumi.Output<string | undefined>): void {
    if (!pulumi.runtime.isDryRun()) this.all[id] = create.apply((line) => generationIn(line ?? ""));
  }

  /** The generations of all services so far, for the stack's output `generations`. */
  generations(): pulumi.Output<Record<string, number>> {
    return pulumi.output(this.all);
  }
}

/** What `scripts/drift` prints. */
export function parseStates(text: string): ServiceStates {
  const states: ServiceStates = {};
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, kind, id = "", rest = ""] = /^(record|digest|differs|foreign|line) (\S+) (.+)$/.exec(line) ?? [];
    const state = states[id];
    if (kind === "record") states[id] = { generation: Number(rest), differences: [], foreign: [] };
    else if (kind === "digest" && state !== undefined) state.digest = rest;
    else if (kind === "differs" && state !== undefined) state.differences.push(rest);
    else if (kind === "line" && state !== undefined) {
      state.differences.push(`${state.differences.pop() ?? ""}\n${rest}`);
    } else if (kind === "foreign" && state !== undefined) state.foreign.push(rest);
    else throw new Error(`unexpected answer of the host: ${line}`);
  }
  return states;
}

/** By the name of the command; of those alone that the state has. */
type Generations = Partial<Record<string, number>>;

async function lastGenerations(stack: string, renamed: Renamed | undefined): Promise<Generations> {
  const last = Object.entries(await lastCommands(stack, renamed));
  return Object.fromEntries(last.map(([name, { create }]) => [name, generationIn(create)]));
}

/** Of the line of a command. */
function generationIn(line: string): number {
  return Number(/ --generation (\d+)(?: |$)/.exec(line)?.[1] ?? 0);
}
