import { z } from "zod";
import { dialAddress } from "./addresses";
import * as field from "./fields";
import { howToPin, readHostKey } from "./host-key";

const hostKeyText = field.anyText("an SSH host key").meta({
  form: 'an SSH host key such as "ssh-ed25519 AAAA...", or the line of ssh-keyscan; ed25519 or ECDSA, not RSA',
});

const hostKey = hostKeyText.transform((value, context) => {
  const read = readHostKey(value);
  if ("key" in read) return read.key;
  context.addIssue({ code: "custom", message: read.problem });
  return z.NEVER;
});

const requiredKey = { fallback: "**required**, unless `insecureSkipHostKey`" };

const user = field.text(
  "a user name of letters, digits, ., _ and -, at most 32, a letter or _ first",
  /^[A-Za-z_][A-Za-z0-9._-]{0,31}$/,
);

const jumpHost = field.map(
  'a map as {address: "...", user: "...", port: 22, hostKey: "ssh-ed25519 AAAA..."}',
  {
    address: dialAddress("the jump host's name or IP address").describe(
      "Where its SSH server answers, from where Pulumi runs.",
    ),
    port: field.port().default(22).describe("The port of its SSH server."),
    user: user.describe("Who logs in there, with the same key as on the host."),
    hostKey: hostKey.optional().describe("The public key that the jump host has to show.").meta(requiredKey),
  },
);

/** How SSH reaches a machine. */
export const reached = {
  address: dialAddress("the host's name or IP address").describe(
    "Where the host's SSH server answers: from where Pulumi runs or, with `jump`, from the jump host.",
  ),
  port: field.port().default(22).describe("The port of its SSH server."),
  user: user.default("root").describe("Who logs in: root, or a user whose sudo asks for no password."),
  hostKey: hostKey.optional().describe("The public key that the host has to show.").meta(requiredKey),
  insecureSkipHostKey: field
    .flag()
    .default(false)
    .describe(
      "Whether host keys may be left out, that of the jump host too. Whoever answers at such an address is trusted.",
    ),
  restricted: field
    .flag()
    .default(false)
    .describe(
      "Whether the user's sudo may allow no more than to deploy what an administrator has set up (`npm run sudoers`). The first " +
        "up, each of a new version of this program, and each that needs more than that, is an administrator's.",
    ),
  replaces: dialAddress("the address of the host before")
    .optional()
    .describe(
      "The address of the host of the last up, which this one takes the place of and which is left as it is. Not " +
        "needed where the same machine has another address or host key.",
    )
    .meta({ fallback: "none: an up on another machine is refused" }),
  jump: jumpHost
    .optional()
    .describe("A host to go through to the other.")
    .meta({ fallback: "none: the host is dialled directly" }),
};

/** The machine, and how SSH reaches it. */
export const host = field
  .map("a map with at least address and hostKey", reached)
  .superRefine(
    (value: unknown, context: z.RefinementCtx) => {
      requireHostKeys("host", value, context);
    },
    { when: field.isMap },
  )
  .describe("The machine, and how SSH reaches it.");

/**
 * @param place of the value in the settings, for what a message tells to set
 * @param path of the value in what is checked
 */
export function requireHostKeys(
  place: string,
  value: unknown,
  context: z.RefinementCtx,
  path: readonly string[] = [],
): void {
  const { insecureSkipHostKey, jump } = value as { insecureSkipHostKey?: unknown; jump?: unknown };
  if (insecureSkipHostKey === true) return;
  const peers = [["hostKey", value] as const, ["jump.hostKey", jump] as const];
  for (const [key, peer] of peers) {
    if (typeof peer !== "object" || peer === null) continue;
    const {
      address,
      port,
      hostKey: pinned,
    } = peer as {
      address?: unknown;
      port?: unknown;
      hostKey?: unknown;
    };
    if (pinned !== undefined) continue;
    const isAddress = typeof address === "string" && dialAddress("").safeParse(address).success;
    const how = howToPin(`${place}.${key}`, isAddress ? address : "ADDRESS", port);
    context.addIssue({ code: "custom", path: [...path, ...key.split(".")], message: `is required: ${how}` });
  }
}
