import type { BackendName } from "../tools/backends";

/** A running Debian host. */
export interface SandboxHost {
  name: string;
  /** Where its sshd listens, on port 22. */
  address: string;
  /** This machine as the host sees it; the package repository is there. */
  gateway: string;
  /** As in `known_hosts`: `ssh-ed25519 AAAA...`. */
  hostKey: string;
  /** Accounts that accept the key; `deploy` has sudo without a password. */
  users: ["root", "deploy"];
  privateKeyFile: string;
  repositoryUrl: string;
  /** What runs on it beside the services. */
  backends: readonly BackendName[];
  /** Its directory in the cache: disk, logs, and whatever belongs to it and goes with it. */
  directory: string;
}
