/** No RSA: the command plugin asks for such a key by its SHA-1 name alone, which sshd refuses since OpenSSH 8.8. */
const keyTypes = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521))$/;

/** An SSH host key as `type base64`, without the comment, or undefined when the text is none. */
export function normalizeHostKey(text: string): string | undefined {
  const [type = "", encoded = ""] = text.trim().split(/\s+/);
  if (!keyTypes.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const blob = Buffer.from(encoded, "base64");
  // The blob starts with its own type: this finds a key that was cut off or put together wrongly.
  const isWhole = blob.length > type.length + 4 + 32 && blob.readUInt32BE(0) === type.length;
  return isWhole && blob.toString("latin1", 4, 4 + type.length) === type ? `${type} ${encoded}` : undefined;
}

/** How to get the key of a host and pin it at a config path. */
export function howToPin(path: string, address: string, port: unknown): string {
  const scan = `ssh-keyscan -t ed25519 ${typeof port === "number" && port !== 22 ? `-p ${port} ` : ""}${address}`;
  return (
    `get the key with \`${scan}\`, compare it with /etc/ssh/ssh_host_ed25519_key.pub on the host's own console, ` +
    `and pin it: pulumi config set --path ${path} "ssh-ed25519 AAAA..."`
  );
}
