import { createHash } from "node:crypto";
import type { SshServer } from "./connection";

/** Who a host is, whatever address it is reached at. */
export interface HostIdentity {
  /** As a message names it. */
  address: string;
  /** `TYPE SHA256:...`, as `ssh-keygen -l` prints it of the pinned key; undefined where none is pinned. */
  key?: string;
  /** Which machine it is, by its own word; undefined where it was not asked. */
  machine?: string;
}

/** As far as the settings tell, by the pinned key. */
export function identityOf({ address, hostKey }: Pick<SshServer, "address" | "hostKey">): HostIdentity {
  if (hostKey === undefined) return { address };
  const [type = "", encoded = ""] = hostKey.split(" ");
  return { address, key: `${type} ${fingerprint(Buffer.from(encoded, "base64"))}` };
}

/** Of a public key, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** What `scripts/machine.sh` has said, as the last of other lines. */
export function machineIn(text: string): string | undefined {
  return /^machine ([0-9a-f]{32})$/m.exec(text)?.[1];
}

/**
 * Whether two are surely not the same host. The machine tells, where both are known: a copy of a machine has its key, and a
 * machine may get another key. Otherwise the keys do: a host has several, and only two of one type tell it.
 */
export function isOtherHost(one: HostIdentity, two: HostIdentity): boolean {
  if (one.machine !== undefined && two.machine !== undefined) return one.machine !== two.machine;
  const type = (host: HostIdentity): string | undefined => host.key?.split(" ")[0];
  return one.key !== undefined && type(one) === type(two) && one.key !== two.key;
}
