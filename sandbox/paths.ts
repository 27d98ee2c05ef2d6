import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import { lock } from "./lock";

/** The root of the project's checkout. */
export const projectRoot = path.resolve(__dirname, "..");

/**
 * Where everything that is expensive to make is kept between runs, outside the work tree.
 * `SOAR_SANDBOX_CACHE`, else `soar-profiling` under `XDG_CACHE_HOME` or `~/.cache`. Without symbolic links, as the kernel
 * tells of mounts, and so that it has one name.
 */
export function cacheDir(): string {
  const fromUser = process.env["SOAR_SANDBOX_CACHE"] ?? "";
  if (fromUser !== "") return withoutLinks(path.resolve(fromUser));
  const base = process.env["XDG_CACHE_HOME"] ?? "";
  // The specification has one ignored that is no absolute path.
  const caches = path.isAbsolute(base) ? base : path.join(homedir(), ".cache");
  return withoutLinks(path.join(caches, "soar-profiling"));
}

/** The path without symbolic links in what exists of it. */
function withoutLinks(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  return path.join(withoutLinks(path.dirname(file)), path.basename(file));
}

/** A short key over the inputs of something built: the same inputs, the same key. */
export function contentKey(inputs: (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) {
    hash
      .update(String(Buffer.byteLength(input)))
      .update("\0")
      .update(input);
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Makes the directory `final` once. `build` fills a temporary sibling, which is renamed when it is complete, so that
 * a killed build is never taken for a finished one. Two processes at once: the second waits for the first.
 */
export async function publish(final: string, build: (temporary: string) => Promise<void>): Promise<string> {
  if (existsSync(final)) return final;
  await mkdir(path.dirname(final), { recursive: true });
  const release = await lock(`${final}.lock`);
  try {
    if (existsSync(final)) return final;
    await removeLeftovers(final);
    const temporary = `${final}.${process.pid}.tmp`;
    await mkdir(temporary);
    try {
      await build(temporary);
      await rename(temporary, final);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
    return final;
  } finally {
    await release();
  }
}

async function removeLeftovers(final: string): Promise<void> {
  const prefix = `${path.basename(final)}.`;
  for (const entry of await readdir(path.dirname(final))) {
    if (entry.startsWith(prefix) && entry.endsWith(".tmp")) {
      await rm(path.join(path.dirname(final), entry), { recursive: true, force: true });
    }
  }
}
