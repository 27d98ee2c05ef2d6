import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { startHost, type SandboxHost } from "../../../sandbox/host/host";
import { prepareIngredients } from "../../../sandbox/host/prepare";
import { run } from "../../../sandbox/log";
import { buildDebs, debArchitecture } from "../../../sandbox/packages/deb";
import { releaseOptions } from "../../../sandbox/packages/repository";
import { fingerprintIn, keyFileName, signRepository, suite } from "../../../sandbox/packages/sign";

/** Has the host served by a copy of the sandbox's repository, which a test may sign anew; it goes with the host. */
export async function copyRepository({ name, directory }: SandboxHost): Promise<string> {
  const { repository } = await prepareIngredients();
  const copy = path.join(directory, "repository");
  await run("cp", ["-a", "-l", repository.directory, copy]);
  await startHost(name, { repository: copy });
  return copy;
}

/** A new file under the old name: the other copies of a repository are hard links. */
async function put(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/**
 * Gives a copy of the repository a component `extra` with a package that is none of ours, `other-tool` at 1.0 and 1.1.
 * @returns the fingerprint of the new key
 */
export async function addOtherPackage(directory: string): Promise<string> {
  const architecture = await debArchitecture();
  const control = {
    Package: "other-tool",
    Section: "misc",
    Priority: "optional",
    Maintainer: "Nobody <nobody@sandbox.test>",
    Homepage: "http://sandbox.test",
    Description: "comes from where ours do",
  };
  await buildDebs({ control, files: [], scripts: {} }, ["1.0", "1.1"], architecture, {
    work: path.join(directory, "work"),
    output: path.join(directory, "pool/extra"),
  });
  const dist = path.join(directory, "dists", suite);
  const index = path.join(dist, "extra", `binary-${architecture}`);
  await mkdir(index, { recursive: true });
  const packages = await run("apt-ftparchive", ["packages", "pool/extra"], { cwd: directory });
  await put(path.join(index, "Packages"), packages.stdout);
  const components = ["-o", "APT::FTPArchive::Release::Components=main extra"];
  const release = [...releaseOptions(architecture), ...components, "release", dist];
  await put(path.join(dist, "Release"), (await run("apt-ftparchive", release)).stdout);
  return signRepository(directory);
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
