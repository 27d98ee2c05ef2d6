import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { startHost, type SandboxHost } from "../../../sandbox/host/host";
import { prepareIngredients } from "../../../sandbox/host/prepare";
import { run } from "../../../sandbox/log";
import { fingerprintIn, keyFileName, suite } from "../../../sandbox/packages/sign";

/** Has the host served by a copy of the sandbox's repository, which a test may sign anew; it goes with the host. */
export async function copyRepository({ name, directory }: SandboxHost): Promise<string> {
  const { repository } = await prepareIngredients();
  const copy = path.join(directory, "repository");
  await run("cp", ["-a", "-l", repository.directory, copy]);
  await startHost(name, { repository: copy });
  return copy;
}

/** Signs a repository with a key that has expired and was prolonged since, which is the one at its root. */
export async function signWithProlonged(directory: string): Promise<{
  fingerprint: string;
  /** The same key as it was before that, armored. */
  expired: string;
}> {
  const home = await mkdtemp(path.join(tmpdir(), "soar-gpg-"));
  const gpg = async (...args: string[]): Promise<string> =>
    (await run("gpg", ["--homedir", home, "--batch", "--no-tty", "--quiet", "--passphrase", "", ...args]))
      .stdout;
  try {
    const past = ["--faked-system-time", "20250101T000000"];
    await gpg(...past, "--quick-generate-key", "Prolonged", "ed25519", "sign", "2d");
    const fingerprint = fingerprintIn(await gpg("--with-colons", "--list-keys"));
    const expired = await gpg("--armor", "--export", fingerprint);
    await gpg("--quick-set-expire", fingerprint, "0");
    const dist = path.join(directory, "dists", suite);
    const release = path.join(dist, "Release");
    const put = async (file: string, text: string): Promise<void> => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file); // The other copies are hard links.
    };
    await put(path.join(dist, "InRelease"), await gpg("--output", "-", "--clearsign", release));
    await put(
      path.join(dist, "Release.gpg"),
      await gpg("--output", "-", "--armor", "--detach-sign", release),
    );
    await put(path.join(directory, keyFileName), await gpg("--armor", "--export", fingerprint));
    return { fingerprint, expired };
  } finally {
    await run("gpgconf", ["--homedir", home, "--kill", "gpg-agent"], { allowFailure: true });
    await rm(home, { recursive: true, force: true });
  }
}
