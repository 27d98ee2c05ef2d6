import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { preflight } from "./scripts";
import { shellLine } from "./shell";

/** A port that a unit of ours will listen on. */
export interface PortRequirement {
  address: string;
  port: number;
  /** The unit that may hold it already. */
  unit: string;
  /** What it is for, for the message. */
  purpose: string;
  /** The setting that moves it. */
  setting: string;
}

/** Space that data of ours may take. */
export interface DiskRequirement {
  directory: string;
  bytes: number;
  /** The setting that says how much. */
  setting: string;
}

/** A program that the host must have already. */
export interface ProgramRequirement {
  name: string;
  /** Prints its version, such as `prometheus --version`. */
  command: string;
  /** The least version. @default any */
  minimum?: string;
  /** What to do where it is missing or older. */
  remedy: string;
}

/** An apt source that the host is to get: there must be none of that place with another key. */
export interface SourceRequirement {
  url: string;
  suite: string;
  /** Its `Signed-By`. */
  keyring: string;
}

/** A unit that is to be run by its package's file, with drop-ins of ours: no other file may say how. */
export interface UnitRequirement {
  unit: string;
  package: string;
}

/** What a host must offer. */
export interface Requirements {
  ports: readonly PortRequirement[];
  disks: readonly DiskRequirement[];
  /** @default none */
  programs?: readonly ProgramRequirement[];
  /** @default none */
  sources?: readonly SourceRequirement[];
  /** @default none */
  units?: readonly UnitRequirement[];
}

/** Arguments of {@link Preflight}. */
export interface PreflightArgs {
  connection: pulumi.Input<command.types.input.remote.ConnectionArgs>;
  requirements: Requirements;
}

/**
 * Looks at the host before anything on it is changed, and fails with all that is in the way: the Debian release, the
 * architecture, systemd, sudo, ports held by other processes (by name), free disk, programs and their versions, apt
 * sources that contradict ours, files of others that decide how a unit of ours runs.
 */
export class Preflight extends pulumi.ComponentResource {
  constructor(name: string, args: PreflightArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:host:Preflight", name, {}, opts);
    const { ports, disks, programs = [], sources = [], units = [] } = args.requirements;
    const checks = [
      ...ports.flatMap(({ address, port, unit, purpose, setting }) => [
        "port",
        address,
        port,
        unit,
        purpose,
        setting,
      ]),
      ...disks.flatMap(({ directory, bytes, setting }) => ["disk", directory, bytes, setting]),
      ...programs.flatMap(({ name, command: line, minimum, remedy }) => [
        "program",
        name,
        line,
        minimum ?? 0,
        remedy,
      ]),
      ...sources.flatMap(({ url, suite, keyring }) => ["source", url, suite, keyring]),
      ...units.flatMap(({ unit, package: name }) => ["unit", unit, name]),
    ];
    new command.remote.Command(
      `${name}-check`,
      {
        connection: args.connection,
        create: shellLine(["timeout", 60, "sh", "-s", "--", ...checks]),
        stdin: preflight(),
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
