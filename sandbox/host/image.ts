import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import * as path from "node:path";
import { run, step } from "../log";
import { cacheDir, contentKey, publish } from "../paths";
import { ensurePackages } from "../prerequisites";

/** What a host may be: Debian 13 or Debian 12. */
export type DebianRelease = "trixie" | "bookworm";

/** That of a host of which nothing else is said. */
export const defaultRelease: DebianRelease = "trixie";

/** What a small Debian server has, plus what the stack finds there already: Prometheus and Caddy. */
const debianPackages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "libpam-systemd",
  "openssh-server",
  "ca-certificates",
  "iproute2",
  "procps",
  "util-linux",
  "adduser",
  "sudo",
  "curl",
  "gnupg",
  "less",
  "prometheus",
  "caddy",
];

const source = path.join(__dirname, "image");

/** A Debian host that has not been started yet. Hosts are copies on write of it. */
export interface Image {
  /** The root file system; never written to after it was made. */
  rootfs: string;
  /** The host's public key as `known_hosts` has it: `ssh-ed25519 AAAA...`. The same for all copies. */
  hostKey: string;
  /** The key that root and `deploy` accept. */
  privateKeyFile: string;
}

/** Makes the image of a Debian release once and keeps it in the cache; half a minute and some 450 MB. */
export async function ensureImage(release: DebianRelease = defaultRelease): Promise<Image> {
  const directory = await imageDirectory(release);
  await publish(directory, (temporary) =>
    step(`Debian image (${release}, ${debianPackages.length} packages)`, () => build(release, temporary)),
  );
  return {
    rootfs: path.join(directory, "rootfs"),
    hostKey: await publicKey(path.join(directory, "host_key.pub")),
    privateKeyFile: path.join(directory, "login"),
  };
}

/** Whether the cache has it. */
export async function isImageThere(): Promise<boolean> {
  return existsSync(await imageDirectory(defaultRelease));
}

async function imageDirectory(release: DebianRelease): Promise<string> {
  return path.join(cacheDir(), "image", await imageKey(release));
}

async function build(release: DebianRelease, directory: string): Promise<void> {
  await ensurePackages(["mmdebstrap", "debian-archive-keyring", "openssh-client"]);
  for (const key of ["host_key", "login"]) {
    const file = path.join(directory, key);
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `soar-sandbox-${key}`, "-f", file]);
  }
  const options = [
    "--mode=root",
    "--variant=minbase",
    `--include=${debianPackages.join(",")}`,
    '--customize-hook="$SANDBOX_IMAGE/customize.sh" "$SANDBOX_IMAGE/files" "$SANDBOX_KEYS" "$1"',
  ];
  // In a mount namespace of its own, so that a killed build leaves no mount below its directory.
  await run("unshare", ["--mount", "mmdebstrap", ...options, release, path.join(directory, "rootfs")], {
    env: { SANDBOX_IMAGE: source, SANDBOX_KEYS: directory },
  });
}

async function imageKey(release: DebianRelease): Promise<string> {
  const inputs: string[] = [release, process.arch, debianPackages.join(",")];
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    inputs.push(path.relative(source, file), await readFile(file, "utf8"));
  }
  return contentKey(inputs);
}

/** The type and the key, without the comment. */
async function publicKey(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim().split(" ").slice(0, 2).join(" ");
}
