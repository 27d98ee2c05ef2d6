import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { run, UserError } from "../log";
import { ensurePackages } from "../prerequisites";
import type { Attempt } from "./attempt";
import { findProgram } from "./installed";
import { goArch, type Recipe } from "./recipe";

const releaseHost = "https://github.com";

/** Saves what an address serves as a file, or says why it cannot be had. */
export type Download = (url: string, file: string) => Promise<Attempt<void>>;

/**
 * Gets the official release into `directory`: `bin/` with the program, and its packaging files when it has any, which
 * only the release's Debian package brings. A file that does not have the published SHA-256 sum is an error, not a
 * reason for another way.
 */
export async function getRelease(
  recipe: Recipe,
  directory: string,
  download: Download = curl,
): Promise<Attempt<void>> {
  if (recipe.release === undefined) return { refused: "no official release is used" };
  const work = path.join(directory, "download");
  await mkdir(work);
  try {
    const base = `${releaseHost}/${recipe.release.directory}`;
    const archive = recipe.release.archives[goArch()];
    // The small list first: it also shows whether the release can be reached at all.
    for (const name of [recipe.release.checksums, archive]) {
      const attempt = await download(`${base}/${name}`, path.join(work, name));
      if ("refused" in attempt) return { refused: `official release not reachable: ${attempt.refused}` };
    }
    await checkSum(path.join(work, archive), path.join(work, recipe.release.checksums));
    await unpack(recipe, path.join(work, archive), directory, path.join(work, "tree"));
    return { done: undefined };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function checkSum(file: string, sums: string): Promise<void> {
  const name = path.basename(file);
  const lines = (await readFile(sums, "utf8")).split("\n").map((line) => line.trim().split(/\s+\*?/));
  const published = lines.find((line) => line[1] === name)?.[0];
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  if (published === hash.digest("hex")) return;
  const problem = published === undefined ? "is not in" : "does not match";
  throw new UserError(
    `the downloaded ${name} ${problem} the published ${path.basename(sums)}`,
    "try again; if it stays so, do not trust the network, and install the tool by hand",
  );
}

async function unpack(recipe: Recipe, archive: string, directory: string, tree: string): Promise<void> {
  await mkdir(tree);
  const programs = path.join(directory, "bin");
  if (recipe.packaging === undefined) {
    // All of it: the language hosts come beside the program.
    await run("tar", ["-xzf", archive, "-C", tree]);
    await rename(path.join(tree, recipe.name), programs);
    return;
  }
  await run("dpkg-deb", ["--raw-extract", archive, tree]);
  await mkdir(programs);
  await rename(path.join(tree, recipe.packaging.program), path.join(programs, recipe.name));
  await chmod(path.join(programs, recipe.name), 0o755);
  for (const file of recipe.packaging.files) {
    const to = path.join(directory, "packaging", file.name);
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(path.join(tree, file.inPackage), to);
  }
}

/** curl, because it follows the proxy settings of the machine. An unknown host name fails at once, a silent one in 3 s. */
async function curl(url: string, file: string): Promise<Attempt<void>> {
  if ((await findProgram("curl")) === undefined) await ensurePackages(["curl", "ca-certificates"]);
  const limits = ["--connect-timeout", "3", "--speed-limit", "1000", "--speed-time", "30"];
  const options = ["--fail", "--location", "--silent", "--show-error", ...limits];
  const result = await run("curl", [...options, "--output", file, url], { allowFailure: true });
  if (result.code === 0) return { done: undefined };
  const reason = result.stderr.trim().split("\n")[0] ?? "";
  return { refused: reason.replace(/^curl: \(\d+\) /, "") || `curl ended with ${result.code}` };
}
