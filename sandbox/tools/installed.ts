import { constants } from "node:fs";
import { access } from "node:fs/promises";
import * as path from "node:path";
import { run } from "../log";
import type { Attempt } from "./attempt";
import type { Recipe } from "./recipe";

/** Looks for the program on PATH; only the pinned version will do, and none that needs folders beside it. */
export async function findInstalled(recipe: Recipe): Promise<Attempt<string>> {
  if (recipe.build.data !== undefined) return { refused: "an installed one may have its folders anywhere" };
  const program = await findProgram(recipe.name);
  if (program === undefined) return { refused: "not installed" };
  const environment = { PULUMI_SKIP_UPDATE_CHECK: "true" };
  const result = await run(program, recipe.versionArgs, {
    allowFailure: true,
    timeout: 10_000,
    env: environment,
  });
  if (printsVersion(result.stdout + result.stderr, recipe.version)) return { done: program };
  return { refused: `${program} is another version` };
}

/** Whether the text names exactly this version, with or without a leading `v`. */
export function printsVersion(text: string, version: string): boolean {
  return text.split(/[\s,]+/).some((word) => word === version || word === `v${version}`);
}

/**
 * The first executable of this name on PATH.
 * @param others directories to look into after those of PATH
 */
export async function findProgram(name: string, others: string[] = []): Promise<string | undefined> {
  const onPath = (process.env["PATH"] ?? "").split(path.delimiter).filter((directory) => directory !== "");
  for (const directory of [...onPath, ...others]) {
    const file = path.join(directory, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not here; the next directory may have it.
    }
  }
  return undefined;
}
