import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import { UserError, run } from "../log";
import { ensurePackages, packageCandidate, type Runner } from "../prerequisites";

/** Debian's packages of cargo. The second is a newer one, which stable releases get for building browsers. */
const cargoPackages = ["cargo", "cargo-web"];

/** What compiles the C code of one crate, the allocator. */
const compilerPackages = ["gcc", "libc6-dev", "make"];

const runAnyway: Runner = (command, args) => run(command, args, { allowFailure: true });

/**
 * Makes sure of a C compiler and of a cargo on the PATH not older than `minimum` (such as `1.85`), installing Debian's
 * where there is none. Returns what cargo calls itself. Throws a UserError where only an older one can be had.
 */
export async function ensureCargo(minimum: string, runner: Runner = runAnyway): Promise<string> {
  const found = await cargoOnPath(runner);
  if (found === undefined) {
    await ensurePackages([await newEnoughPackage(minimum, runner), ...compilerPackages], runner);
    return (await cargoOnPath(runner)) ?? "cargo";
  }
  if (!isAtLeast(found.replace("cargo ", ""), minimum)) {
    throw new UserError(
      `${found} is too old for the sandbox's services`,
      `update it to Rust ${minimum} or newer`,
    );
  }
  await ensurePackages(compilerPackages, runner);
  return found;
}

/** `cargo 1.95.0`, or undefined where there is none. */
async function cargoOnPath(runner: Runner): Promise<string | undefined> {
  try {
    const { code, stdout, stderr } = await runner("cargo", ["--version"]);
    const name = /^cargo \S+/.exec(stdout)?.[0];
    if (code === 0 && name !== undefined) return name;
    const reason = stderr.trim().split("\n")[0] ?? "";
    throw new UserError(`the cargo on the PATH does not run (${reason})`, "repair or remove it");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function newEnoughPackage(minimum: string, runner: Runner): Promise<string> {
  for (const name of cargoPackages) {
    const version = await packageCandidate(name, runner);
    if (version !== undefined && isAtLeast(version, minimum)) return name;
  }
  throw new UserError(
    `cargo is not installed, and apt has none for Rust ${minimum}`,
    `install Rust ${minimum} or newer, for example with rustup`,
  );
}

/** Gives another home of cargo what the user has set: mirrors and proxies, and logins to them. */
export async function keepSettings(home: string): Promise<void> {
  const fromUser = process.env["CARGO_HOME"] ?? "";
  const users = fromUser === "" ? path.join(homedir(), ".cargo") : fromUser;
  for (const name of ["config.toml", "config", "credentials.toml", "credentials"]) {
    const file = path.resolve(users, name);
    if (existsSync(file)) await symlink(file, path.join(home, name));
  }
}

/** Compares major and minor version; what follows them is ignored. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const [minimumMajor = 0, minimumMinor = 0] = minimum.split(".").map(Number);
  return major > minimumMajor || (major === minimumMajor && minor >= minimumMinor);
}
