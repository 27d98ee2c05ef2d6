import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { privateKeyProblem } from "../../config/private-key";
import { hostKey, openSshKey, openSshParts, privateKey } from "./sample";

const { privateKey: pem } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "sec1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const { privateKey: encrypted, publicKey } = generateKeyPairSync("ed25519", {
  privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "s3ntinel" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

/** As `ssh-keygen -t rsa` writes it, which makes none that is too small. */
function rsaKey(bits: number): string {
  const { privateKey: key } = generateKeyPairSync("rsa", { modulusLength: bits });
  const { n = "" } = key.export({ format: "jwk" });
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, "base64url")]);
  const parts = ["ssh-rsa", "\x01\0\x01", modulus.toString("latin1")];
  return openSshKey("none", openSshParts(parts));
}

const rsaPem = (modulusLength: number): string =>
  generateKeyPairSync("rsa", {
    modulusLength,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;

test.each([
  ["in OpenSSH form", privateKey],
  ["in PEM form", pem],
  ["of RSA in OpenSSH form", rsaKey(1024)],
  ["of RSA in PEM form", rsaPem(1024)],
  ["without its last line end", privateKey.trimEnd()],
])("a key %s is one", (_, text) => {
  expect(privateKeyProblem(text)).toBeUndefined();
});

test.each([
  ["a public key", `${hostKey} me@here`, /^is a public key: set the private one/],
  ["a public key in PEM form", publicKey, /^is a public key/],
  [
    "a path",
    "~/.ssh/id_ed25519",
    /^is the path of a file: set what is in the file, pulumi config set --secret/,
  ],
  ["a whole path", "/home/me/key.pem\n", /^is the path of a file/],
  ["the name of a file", "id_ed25519", /^is the path of a file/],
  ["line ends of Windows", privateKey.replaceAll("\n", "\r\n"), /^has lines that end in CR LF.*tr -d/],
  [
    "an OpenSSH key with a passphrase",
    openSshKey("aes256-ctr"),
    /^has a passphrase, which nobody types here/,
  ],
  ["a PEM key with a passphrase", encrypted, /^has a passphrase/],
  [
    "an old PEM key with a passphrase",
    pem.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
    /^has a passphrase/,
  ],
  [
    "an RSA key that is too small",
    rsaKey(768),
    /^is an RSA key of 768 bits, and OpenSSH takes none below 1024/,
  ],
  ["the same in PEM form", rsaPem(512), /^is an RSA key of 512 bits/],
  ["a key of PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none", /^is in PuTTY's form/],
  ["a key cut off", privateKey.slice(0, 60), /^must be a private key .* from its line BEGIN to its line END/],
  ["a key with a hole", privateKey.replace(/\n.*\n/, "\nb3BlbnNzaC1rZXktdjEA\n"), /^is damaged/],
  ["a PEM key with a hole", pem.replace(/\n.{30}/, "\n"), /^is damaged/],
  ["a key in one line", privateKey.replaceAll("\n", " "), /^must be a private key/],
  ["anything else", "s3ntinel", /^must be a private key/],
])("%s is none, and not shown", (_, text, words) => {
  const told = privateKeyProblem(text);
  expect(told).toMatch(words);
  expect(told).not.toContain("s3ntinel");
});
