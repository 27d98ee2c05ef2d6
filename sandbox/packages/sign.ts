import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { run } from "../log";

/** The suite that a host names in its source, as at Grafana's own repository. */
export const suite = "stable";

/** The public key, armored, at the repository's root. */
export const keyFileName = "key.asc";

/**
 * Signs the repository in `directory` with a new key and puts that key's public half at its root, in the place of a
 * former one: so a second call is a key rotation. The private half is gone when this returns.
 *
 * @returns the fingerprint, 40 hexadecimal digits in upper case
 */
export async function signRepository(directory: string): Promise<string> {
  // In the system's temporary directory, as the path of the agent's socket must be short.
  const home = await mkdtemp(path.join(tmpdir(), "soar-gpg-"));
  const gpg = async (...args: string[]): Promise<string> =>
    (await run("gpg", ["--homedir", home, "--batch", "--no-tty", "--quiet", ...args])).stdout;
  try {
    const owner = "Sandbox of soar-profiling (package repository)";
    await gpg("--passphrase", "", "--quick-generate-key", owner, "ed25519", "sign", "never");
    const fingerprint = fingerprintIn(await gpg("--with-colons", "--list-keys"));
    const dist = path.join(directory, "dists", suite);
    const release = path.join(dist, "Release");
    await replaceFile(path.join(dist, "InRelease"), await gpg("--output", "-", "--clearsign", release));
    const detached = await gpg("--output", "-", "--armor", "--detach-sign", release);
    await replaceFile(path.join(dist, "Release.gpg"), detached);
    await replaceFile(path.join(directory, keyFileName), await gpg("--armor", "--export", fingerprint));
    return fingerprint;
  } finally {
    await run("gpgconf", ["--homedir", home, "--kill", "gpg-agent"], { allowFailure: true });
    await rm(home, { recursive: true, force: true });
  }
}

/** The fingerprint of the first primary key in what `gpg --with-colons` prints. */
export function fingerprintIn(listing: string): string {
  const match = /^fpr:(?:[^:]*:){8}([0-9A-F]{40}):/m.exec(listing);
  if (match?.[1] === undefined) throw new Error(`no fingerprint in the answer of gpg:\n${listing}`);
  return match[1];
}

/** A new file under the old name, so that a hard-linked copy of the repository keeps its own. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}
