import { createPrivateKey } from "node:crypto";

const set = "pulumi config set --secret sshPrivateKey < ~/.ssh/id_ed25519";

/** What is wrong with the secret sshPrivateKey. The message quotes nothing of it. */
export function privateKeyProblem(text: string): string | undefined {
  const first = text.trimStart().split("\n", 1)[0]?.trim() ?? "";
  if (/^((ssh|ecdsa|sk)-\S+ AAAA|-+ ?BEGIN .*PUBLIC KEY)/.test(first))
    return `is a public key: set the private one, ${set}`;
  if (/^(~|\.{0,2}\/|[A-Za-z]:\\)\S*$/.test(text.trim()) || /^(\S*\/)?id_\w+(\.\w+)?$/.test(text.trim()))
    return `is the path of a file: set what is in the file, ${set}`;
  if (first.startsWith("PuTTY-User-Key-File"))
    return "is in PuTTY's form: puttygen FILE -O private-openssh -o NEW makes it one that SSH reads";
  if (text.includes("\r"))
    return "has lines that end in CR LF, as Windows writes them: tr -d '\\r' < FILE | pulumi config set --secret sshPrivateKey";
  const [, kind, body] =
    /^-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----\n(.*\n)-----END \1PRIVATE KEY-----$/s.exec(text.trim()) ?? [];
  if (kind === undefined || body === undefined)
    return `must be a private key in PEM or OpenSSH form, from its line BEGIN to its line END: ${set}`;
  if (kind === "ENCRYPTED " || /^Proc-Type:.*ENCRYPTED/m.test(body)) return withPassphrase;
  return kind === "OPENSSH " ? openSshProblem(body) : pemProblem(text);
}

const withPassphrase =
  "has a passphrase, which nobody types here: set a key without one (ssh-keygen -p -N '' -f COPY takes it off a copy), or " +
  "leave it to an SSH agent";

const damaged = `is damaged: no key can be read from it; set it again, ${set}`;

/** OpenSSH's `PROTOCOL.key`: a magic word, then cipher, KDF, its options, a count, the public keys, the private ones. */
function openSshProblem(body: string): string | undefined {
  const blob = Buffer.from(body.replace(/\s/g, ""), "base64");
  const magic = "openssh-key-v1\0";
  if (blob.toString("latin1", 0, magic.length) !== magic) return damaged;
  let at = magic.length;
  const next = (): string | undefined => {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    const text = blob.toString("latin1", at + 4, end);
    at = end;
    return text;
  };
  const cipher = next();
  const kdf = [next(), next()];
  at += 4;
  if ([cipher, ...kdf, next(), next()].includes(undefined)) return damaged;
  return cipher === "none" ? undefined : withPassphrase;
}

function pemProblem(text: string): string | undefined {
  try {
    createPrivateKey(text);
    return undefined;
  } catch {
    return damaged;
  }
}

/** What to tell where there is neither a key nor an agent. */
export const noLogin = `is not set, and no SSH agent runs here (SSH_AUTH_SOCK is empty), so that nothing can log in: ${set}; or start an agent`;
