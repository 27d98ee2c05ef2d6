import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { CommandError } from "./commands";
import type { ServiceStates } from "./drift";
import { knownValueOf } from "./values";
import type { Session } from "./session";

/** A service whose declaration is tried on the host. */
export interface Candidate {
  /** The name of its records. */
  id: string;
  /** The rendered declaration. */
  declaration: pulumi.Input<string>;
  /** The service of this stack whose files come before these, which may need them. */
  base?: string | undefined;
}

/** How long the host may take for one service, in seconds: the script's own limit, and the way. */
const patience = 70;

/** One service's turn. */
interface Turn {
  /** The declaration; undefined where it is not tried. */
  declaration: Promise<string | undefined>;
  /** Whether the host accepts it, or has it already. */
  isAccepted: Promise<boolean>;
}

/**
 * What an `up` would refuse, a preview refuses: each declaration that is not the one that the host has is staged there and
 * validated by the service's own program, and nothing of it is left. Before the first `up` there is only the preflight.
 */
export class Trial {
  private readonly turns = new Map<string, Turn>();
  private isUnreachable = false;

  /**
   * @param states what the host says of its services; undefined where it does not answer
   * @param command runs `scripts/check` on the host for a service and its base
   * @param prefix what a warning begins with that is of no resource
   */
  constructor(
    private readonly session: Pick<Session, "run" | "hold">,
    private readonly states: Promise<ServiceStates | undefined>,
    private readonly command: (id: string, base: string | undefined) => string,
    private readonly prefix = "",
  ) {}

  /**
   * Tells as an error of the resource why an `up` would refuse it.
   * @returns when that is known
   */
  async of(candidate: Candidate, resource: () => pulumi.Resource): Promise<void> {
    const base = candidate.base === undefined ? undefined : this.turns.get(candidate.base);
    const declaration = this.changed(candidate);
    const isAccepted = this.isAccepted(candidate, declaration, base, resource);
    this.turns.set(candidate.id, { declaration, isAccepted });
    this.session.hold(isAccepted);
    await isAccepted;
  }

  /**
   * The same of what looks at a host before the first `up`: it comes on standard input, and changes nothing. What it has to say
   * of what will become of the host, as which package is upgraded, is a warning of the resource. After a first `up` that has
   * brought our scripts and nothing else the host is still as it was; but what looks at it may not be part of the next one.
   */
  async ofPreflight(command: string, script: string, resource: () => pulumi.Resource): Promise<void> {
    const asked = this.states.then(async (states) => {
      if (states === undefined || Object.keys(states).some(isService)) return;
      const answer = await this.session.run(command, patience, script).catch((error: unknown) => ({ error }));
      const said = typeof answer === "string" ? answer : outputOf(answer.error);
      for (const [, words = ""] of said.matchAll(/^(?:note|warning): (.*)$/gm))
        void pulumi.log.warn(words, resource());
      if (typeof answer === "string") return;
      const problem = failure(answer.error);
      if (problem.kind === "refused" && states["scripts"] !== undefined) {
        void pulumi.log.warn(problem.words, resource());
      } else {
        this.tell(problem, resource());
      }
    });
    this.session.hold(asked);
    await asked;
  }

  /** The declaration, where an `up` would apply it. */
  private async changed({ id, declaration }: Candidate): Promise<string | undefined> {
    const [states, text] = await Promise.all([this.states, knownValueOf(declaration)]);
    if (states?.["scripts"] === undefined || text === undefined) return undefined;
    const state = states[id];
    const isSame = state?.digest === createHash("sha256").update(text).digest("hex");
    return isSame && state.differences.length + state.foreign.length === 0 ? undefined : text;
  }

  private async isAccepted(
    { id, base: baseId }: Candidate,
    declaration: Promise<string | undefined>,
    base: Turn | undefined,
    resource: () => pulumi.Resource,
  ): Promise<boolean> {
    const [own, before] = await Promise.all([declaration, base?.declaration]);
    if (own === undefined) return true;
    const command = this.command(id, before === undefined ? undefined : baseId);
    const problem = await this.session.run(command, patience, `${before ?? ""}${own}`).then(verdict, failure);
    // What is wrong with the base is told there.
    if ((await base?.isAccepted) === false) return false;
    if (problem !== undefined) this.tell(problem, resource());
    return problem === undefined;
  }

  private tell({ kind, words }: Problem, resource: pulumi.Resource): void {
    if (kind === "refused") {
      void pulumi.log.error(words, resource);
    } else if (kind === "unchecked") {
      void pulumi.log.warn(`The host cannot say yet whether an up would refuse this: ${words}.`, resource);
    } else if (!this.isUnreachable) {
      // Once: it is the same for all that are under way.
      this.isUnreachable = true;
      void pulumi.log.warn(
        `${this.prefix}detectDrift: the host could not be asked whether an up would refuse what changes: ${words}`,
      );
    }
  }
}

interface Problem {
  kind: "refused" | "unchecked" | "unreachable";
  words: string;
}

/** Of the last line, because the scripts tell there whom they wait for, too. */
function verdict(answer: string): Problem | undefined {
  const last = answer.trim().split("\n").at(-1) ?? "";
  if (last === "checked") return undefined;
  const [, words] = /^unchecked (.*)$/.exec(last) ?? [];
  return words === undefined
    ? { kind: "unreachable", words: `unexpected answer: ${last}` }
    : { kind: "unchecked", words };
}

/** Whether records are those of a service, and not what all of them need. */
function isService(id: string): boolean {
  return id !== "scripts" && !id.startsWith("source-");
}

/** What a command printed before it failed. */
function outputOf(error: unknown): string {
  return error instanceof CommandError ? error.out : "";
}

/** A script that was ended has not refused anything. */
function failure(error: unknown): Problem {
  const words = error instanceof Error ? error.message : String(error);
  return { kind: error instanceof CommandError && error.status === 1 ? "refused" : "unreachable", words };
}
