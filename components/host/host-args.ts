import type * as pulumi from "@pulumi/pulumi";
import type { SshSettings } from "./connection";
import type { Renamed } from "./last-commands";
import type { Requirements } from "./required";
import type { Script } from "./scripts";

/** Arguments of `Host`. */
export interface HostArgs {
  /** The environment's name; its scripts, records and files on the host carry it. */
  environment: string;
  /** The Pulumi stack, `organization/project/stack`; an environment of a host belongs to one. */
  owner: string;
  /** Whether it has what a host has once: the package source, Pyroscope, Alloy's base. Another environment cannot have it then. */
  ownsPlatform: boolean;
  ssh: SshSettings;
  /** The private key in OpenSSH or PEM form. @default the SSH agent */
  privateKey?: pulumi.Input<string>;
  /**
   * Whether each run of the program asks the host what was changed there by hand, and a preview also what it would refuse.
   * It is one SSH connection. @default false
   */
  detectDrift?: boolean;
  /** The setting that the host is, as messages name it. @default host */
  setting?: string;
  /** What the state has under other names. @default nothing */
  renamed?: Renamed;
  /** The address of the host that this one takes the place of. @default it is the one of the last `up` */
  replaces?: string | undefined;
  /** What the host must offer before anything on it is changed. */
  requirements: pulumi.Input<Requirements>;
  /** Options of curl that let one in where `requirements.scraped` is asked. @default nobody is kept out there */
  scrapedLogin?: pulumi.Input<string> | undefined;
  /** Options of curl with the key for `requirements.objectStorage`. @default there is no bucket */
  storageLogin?: pulumi.Input<string> | undefined;
  /** Scripts that declarations of services call, put beside those of this layer. @default none */
  scripts?: readonly Script[];
}

/** One action on the host: a script of ours and its arguments. */
export interface HostAction {
  /** Runs at creation and again whenever an input changes; must be idempotent. */
  run: pulumi.Input<readonly (string | number)[]>;
  /** The name of its records on the host, which tell whether what it did was changed by hand. @default it has none */
  record?: string;
  /** Runs at deletion. */
  remove?: readonly (string | number)[];
  /**
   * Its standard input is the declaration of its record, which a preview tries on the host, together with that of a base
   * (see `Trial`). @default there is nothing to try
   */
  trial?: { base: string | undefined };
  /** Content goes here, never into the command line. */
  stdin?: pulumi.Input<string>;
  /** Nothing that the script prints is logged. @default false */
  silent?: boolean;
}
