import type { PastRequirement, ScrapedRequirement } from "./past";

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

/** A package that will be at a version, which the host may have at another one. */
export interface PackageRequirement {
  name: string;
  version: string;
  /** A newer one may be replaced by it. */
  allowDowngrade: boolean;
  /** Why one that is older than `before` is upgraded: told, and no hindrance. @default nothing to tell */
  upgrade?: { before: string; why: string };
  /** What is lost on the way back from `since` or later, and what to do: refused whatever is allowed. @default nothing */
  noWayBack?: { since: string; why: string };
  /** What its program needs of a processor for which there are less able ones. @default nothing */
  cpu?: "x86-64-v2";
}

/** An HTTP endpoint that is asked, where something listens yet. */
export interface EndpointRequirement {
  /** Whose it is, without a space. */
  name: string;
  url: string;
  /** Whole seconds that it is asked to measure for (`?seconds=`), and has to obey. @default it answers at once */
  seconds?: number;
  /** That nothing listens there is told, and no reason for a warning. @default false */
  mayBeAway?: boolean;
}

/** Endpoints, and what is wanted of each. */
export interface EndpointRequirements {
  endpoints: readonly EndpointRequirement[];
  /** @default any but a text or a picture */
  contentType?: string;
  /** The most that an answer may have, uncompressed. @default any */
  bytes?: number;
  /** What to do where something else is served. */
  correct: string;
  /** What to do where another time is measured than is asked for. */
  adapt: string;
}

/** A Caddy whose own administration has to be on. */
export interface AdminRequirement {
  caddyfile: string;
  /** What to do where it is off. */
  remedy: string;
}

/** The machine that another stack has its platform on. */
export interface MachineRequirement {
  id: string;
  stack: string;
}

/** A bucket that can be used from the host, and what is there from before it. */
export interface ObjectStorageRequirement {
  /** Of the server. */
  url: string;
  region: string;
  bucket: string;
  /** What comes before the names of the objects. */
  prefix?: string | undefined;
  /** The setting that says all that, and the one that has the key. */
  setting: string;
  secret: string;
  /** What has stored on the disk so far, and the file that may say where else. */
  directory: string;
  file: string;
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
  /** @default none */
  packages?: readonly PackageRequirement[];
  /** @default no Caddy is needed */
  admin?: AdminRequirement;
  /** @default none */
  endpoints?: EndpointRequirements;
  /** @default any */
  machine?: MachineRequirement;
  /** @default nothing is told of it */
  past?: PastRequirement;
  /** @default nothing is to be scraped */
  scraped?: ScrapedRequirement | undefined;
  /** @default no bucket is needed */
  objectStorage?: ObjectStorageRequirement;
}
