import { createHash } from "node:crypto";
import type { SshServer } from "./connection";

/** Who a host is, whatever address it is reached at. */
export interface HostIdentity {
  /** As a message names it. */
  address: string;
  /** `TYPE SHA256:...`, as `ssh-keygen -l` prints it of the pinned key; undefined where none is pinned. */
  key?: string;
}

/** Of the pinned key, which is the host's alone. */
export function identityOf({ address, hostKey }: Pick<SshServer, "address" | "hostKey">): HostIdentity {
  if (hostKey === undefined) return { address };
  const [type = "", encoded = ""] = hostKey.split(" ");
  const digest = createHash("sha256").update(Buffer.from(encoded, "base64")).digest("base64");
  return { address, key: `${type} SHA256:${digest.replace(/=+$/, "")}` };
}

/** Whether two are surely not the same host: a host has several keys, and only two of one type tell it. */
export function isOtherHost(one: HostIdentity, two: HostIdentity): boolean {
  const type = (host: HostIdentity): string | undefined => host.key?.split(" ")[0];
  return one.key !== undefined && type(one) === type(two) && one.key !== two.key;
}
