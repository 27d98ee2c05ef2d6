/** No RSA: the command plugin asks for such a key by its SHA-1 name alone, which sshd refuses since OpenSSH 8.8. */
const keyTypes = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521))$/;

/** A key as a setting gives it: found, or what is wrong with the text. */
export type HostKey = { readonly key: string } | { readonly problem: string };

const form =
  'must be "TYPE BASE64" as in /etc/ssh/ssh_host_ed25519_key.pub, or a line of ssh-keyscan, of type ssh-ed25519 or ' +
  "ecdsa-sha2-nistp256, 384 or 521";

/** Reads an SSH host key, with or without the addresses before it and the comment after it, as `type base64`. */
export function readHostKey(text: string): HostKey {
  const lines = text.split(/\r?\n|\r/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [line = ""] = lines;
  if (lines.length > 1)
    return { problem: `must be one key, and has ${lines.length} lines: take one of them` };
  const words = line.trim().split(/\s+/);
  const isKeyType = (word = ""): boolean => /^(ssh|ecdsa|sk)-[\w@.-]+$/.test(word);
  const [type = "", encoded = ""] = isKeyType(words[0]) || !isKeyType(words[1]) ? words : words.slice(1);
  if (isKeyType(type) && !keyTypes.test(type)) return { problem: `${form}; this one is of type ${type}` };
  if (!keyTypes.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return { problem: form };
  const blob = Buffer.from(encoded, "base64");
  // The blob starts with its own type: this finds a key that was cut off or put together wrongly.
  const isWhole = blob.length > type.length + 4 + 32 && blob.readUInt32BE(0) === type.length;
  return isWhole && blob.toString("latin1", 4, 4 + type.length) === type
    ? { key: `${type} ${encoded}` }
    : { problem: `${form}; this one was cut off, or is not of the type that it names` };
}

/** How to get the key of a host and pin it at a config path. */
export function howToPin(path: string, address: string, port: unknown): string {
  const scan = `ssh-keyscan -t ed25519 ${typeof port === "number" && port !== 22 ? `-p ${port} ` : ""}${address}`;
  return (
    `get the key with \`${scan}\`, compare it with /etc/ssh/ssh_host_ed25519_key.pub on the host's own console, ` +
    `and pin it: pulumi config set --path ${path} "ssh-ed25519 AAAA..."`
  );
}
