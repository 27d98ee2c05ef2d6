import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { UserError } from "./log";
import { cacheDir } from "./paths";

/** Runs a command as root, in this environment, and returns its exit status. */
export function runAsRoot(command: readonly string[]): number {
  if (spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status !== 0) {
    throw new UserError(
      "The sandbox needs root, for namespaces, mounts and packages",
      "run it as root, or allow sudo without a password",
    );
  }
  makeCacheParent();
  return spawnSync("sudo", sudoArguments(command, process.env), { stdio: "inherit" }).status ?? 1;
}

/**
 * All variables are kept, by their names: sudo would keep few, and everybody can read a command line. Only those two are
 * given with their values that sudo may be set to choose itself, whatever it is asked to keep.
 */
export function sudoArguments(command: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const kept = Object.keys(env).filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const set = ["PATH", "HOME"].flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`]));
  return ["-n", `--preserve-env=${kept.join(",")}`, "env", ...set, ...command];
}

/** As the user: a `~/.cache` that root makes is one that the user's other programs cannot write to. */
function makeCacheParent(): void {
  try {
    mkdirSync(path.dirname(cacheDir()), { recursive: true });
  } catch {
    // Where only root may, root does.
  }
}

// `sudo.ts COMMAND...`, for scripts.
if (require.main === module) {
  try {
    process.exitCode = runAsRoot(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  }
}
