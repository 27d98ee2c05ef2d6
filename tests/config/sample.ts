import { type Settings } from "../../config/settings";
import { validateSettings } from "../../config/validate";

export const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

/** In OpenSSH form, of no use anywhere. */
export const privateKey = openSshKey("none");

/** Each text with its length before it, in one byte a character. */
export function openSshParts(texts: readonly string[]): string {
  const parts = texts.map((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return length.toString("latin1") + text;
  });
  return parts.join("");
}

/** A private key as ssh-keygen writes it, but for its numbers. */
export function openSshKey(cipher: string, publicKey = "public"): string {
  const parts = [
    "openssh-key-v1\0",
    openSshParts([cipher, "none", ""]),
    "\0\0\0\x01",
    openSshParts([publicKey, "private"]),
  ];
  const body = Buffer.from(parts.join(""), "latin1").toString("base64");
  const lines = body.match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}

/** The least that a stack has to set. */
export const least = { environment: "production", host: { address: "soar.example", hostKey } };

export const noSecrets: ReadonlySet<string> = new Set();

/** The settings of a configuration that is right. */
export function accepted(values: Record<string, unknown> = {}, secrets = noSecrets): Settings {
  const validation = validateSettings({ ...least, ...values }, secrets);
  if ("issues" in validation) throw new Error(JSON.stringify(validation.issues, undefined, 1));
  return validation.settings;
}

/** What is told of a configuration that is right. */
export function warnings(values: Record<string, unknown>): string[] {
  const validation = validateSettings({ ...least, ...values }, noSecrets);
  if ("issues" in validation) throw new Error(JSON.stringify(validation.issues, undefined, 1));
  return validation.warnings.map(({ path, message }) => `${path}: ${message}`);
}

/** The issues of a configuration, each as `path: message`. */
export function issues(values: Record<string, unknown>, secrets: readonly string[] = []): string[] {
  const validation = validateSettings({ ...least, ...values }, new Set(secrets));
  return "issues" in validation ? validation.issues.map(({ path, message }) => `${path}: ${message}`) : [];
}
