import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, readFile, readdir, rename, rm, unlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The root of the project's checkout. */
export const projectRoot = path.resolve(__dirname, "..");

/**
 * Where everything that is expensive to make is kept between runs, outside the work tree.
 * `SOAR_SANDBOX_CACHE`, else `soar-profiling` under `XDG_CACHE_HOME` or `~/.cache`.
 */
export function cacheDir(): string {
  const fromUser = process.env["SOAR_SANDBOX_CACHE"];
  if (fromUser !== undefined && fromUser !== "") return path.resolve(fromUser);
  const base = process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache");
  return path.join(base, "soar-profiling");
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

/** Whether a process that runs holds a lock file. */
export async function isLocked(file: string): Promise<boolean> {
  const holder = Number(await readFile(file, "utf8").catch(() => ""));
  return holder > 0 && existsSync(`/proc/${holder}`);
}

/** Takes a lock file that holds our process id; one left by a process that has ended is taken over. */
export async function lock(file: string): Promise<() => Promise<void>> {
  // Linked into place with its content: a kill in between leaves no lock without a holder.
  const ours = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(ours, String(process.pid));
  try {
    for (;;) {
      try {
        await link(ours, file);
        return () => unlink(file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = Number(await readFile(file, "utf8").catch(() => ""));
      if (holder > 0 && !existsSync(`/proc/${holder}`)) await rm(file, { force: true });
      else await sleep(200);
    }
  } finally {
    await unlink(ours);
  }
}
