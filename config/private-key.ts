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
  const [cipher, kdf, options] = parts(blob, magic.length);
  if (cipher === undefined || kdf === undefined || options === undefined) return damaged;
  const [publicKey, secret] = parts(blob, magic.length + lengthOf(cipher, kdf, options) + 4);
  if (publicKey === undefined || secret === undefined) return damaged;
  if (cipher.toString() !== "none") return withPassphrase;
  const [type, , modulus] = parts(publicKey, 0);
  return type?.toString() === "ssh-rsa" && modulus !== undefined ? rsaProblem(bitsOf(modulus)) : undefined;
}

/** What stands from a place on, each with its length before it; what is cut off is left out. */
function parts(blob: Buffer, from: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = from; at + 4 <= blob.length && found.length < 3; at += lengthOf(found.at(-1))) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) break;
    found.push(blob.subarray(at + 4, end));
  }
  return found;
}

function lengthOf(...read: (Buffer | undefined)[]): number {
  return read.reduce((sum, part) => sum + 4 + (part?.length ?? 0), 0);
}

function bitsOf(number: Buffer): number {
  const digits = number.toString("hex").replace(/^0+/, "");
  return digits === "" ? 0 : BigInt(`0x${digits}`).toString(2).length;
}

/** OpenSSH's SSH_RSA_MINIMUM_MODULUS_SIZE: sshd lets nobody in with less. */
const leastBits = 1_024;

function rsaProblem(bits: number | undefined): string | undefined {
  return bits === undefined || bits >= leastBits
    ? undefined
    : `is an RSA key of ${bits} bits, and OpenSSH takes none below ${leastBits}: make another one (ssh-keygen -t ed25519), ` +
        "and let it log in to the host first";
}

function pemProblem(text: string): string | undefined {
  try {
    return rsaProblem(createPrivateKey(text).asymmetricKeyDetails?.modulusLength);
  } catch {
    return damaged;
  }
}

/** What to tell where there is neither a key nor an agent. */
export const noLogin = `is not set, and no SSH agent runs here (SSH_AUTH_SOCK is empty), so that nothing can log in: ${set}; or start an agent`;
