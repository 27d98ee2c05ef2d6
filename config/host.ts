import { z } from "zod";
import { dialAddress } from "./addresses";
import * as field from "./fields";
import { howToPin, readHostKey } from "./host-key";

const hostKey = z.string({ error: field.expected("an SSH host key") }).transform((value, context) => {
  const read = readHostKey(value);
  if ("key" in read) return read.key;
  context.addIssue({ code: "custom", message: read.problem });
  return z.NEVER;
});

const user = field.text(
  "a user name of letters, digits, ., _ and -, at most 32, a letter or _ first",
  /^[A-Za-z_][A-Za-z0-9._-]{0,31}$/,
);

const jumpHost = field.map(
  'a map as {address: "...", user: "...", port: 22, hostKey: "ssh-ed25519 AAAA..."}',
  {
    address: dialAddress("the jump host's name or IP address"),
    port: field.port().default(22),
    user,
    hostKey: hostKey.optional(),
  },
);

/** The machine, and how SSH reaches it. */
export const host = field
  .map("a map with at least address and hostKey", {
    /** Name or IP address at which SSH answers. */
    address: dialAddress("the host's name or IP address"),
    port: field.port().default(22),
    /** Who logs in: root, or a user whose sudo asks for no password. */
    user: user.default("root"),
    /** The host's public key; required unless `insecureSkipHostKey`. */
    hostKey: hostKey.optional(),
    /** Trusts whoever answers at the address, for the jump host too. */
    insecureSkipHostKey: field.flag().default(false),
    /** The address of the host that this one takes the place of, and that is left as it is. */
    replaces: dialAddress("the address of the host before").optional(),
    /** A machine to go through. */
    jump: jumpHost.optional(),
  })
  .superRefine(requireHostKeys, { when: field.isMap });

function requireHostKeys(value: unknown, context: z.RefinementCtx): void {
  const { insecureSkipHostKey, jump } = value as { insecureSkipHostKey?: unknown; jump?: unknown };
  if (insecureSkipHostKey === true) return;
  const peers = [["hostKey", value] as const, ["jump.hostKey", jump] as const];
  for (const [path, peer] of peers) {
    if (typeof peer !== "object" || peer === null) continue;
    const { address, port, hostKey: key } = peer as { address?: unknown; port?: unknown; hostKey?: unknown };
    if (key !== undefined) continue;
    const how = howToPin(`host.${path}`, typeof address === "string" ? address : "ADDRESS", port);
    context.addIssue({ code: "custom", path: path.split("."), message: `is required: ${how}` });
  }
}
