import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { isLocked, lock } from "../lock";
import { step } from "../log";
import { cacheDir, publish } from "../paths";
import type { Attempt } from "./attempt";
import { type BackendName, backends } from "./backends";
import { buildTool, getPackaging } from "./build";
import { goCaches } from "./go";
import { findInstalled } from "./installed";
import { recipeKey, type Recipe } from "./recipe";
import { actionlint, alloy, pulumi, pyroscope, versitygw } from "./recipes";
import { getRelease } from "./release";

/** A program that the sandbox uses, at the version it pins. */
export interface Tool {
  name: Recipe["name"];
  version: string;
  /** The executable. */
  path: string;
  how: "installed" | "release" | "built";
  /** The folder with the official packaging files, where the recipe names any. */
  packaging?: string;
}

export const ensurePulumi = (): Promise<Tool> => ensureTool(pulumi);
export const ensurePyroscope = (): Promise<Tool> => ensureTool(pyroscope);
export const ensureAlloy = (): Promise<Tool> => ensureTool(alloy);
/** Grafana's home path, with `conf/` and `public/`, is the folder above `bin/`. */
export const ensureBackend = (name: BackendName): Promise<Tool> => ensureTool(backends[name]);
export const ensureActionlint = (): Promise<Tool> => ensureTool(actionlint);
export const ensureVersitygw = (): Promise<Tool> => ensureTool(versitygw);

/** The ways to a tool, in the order in which they are tried. */
export interface Ways {
  installed(recipe: Recipe): Promise<Attempt<string>>;
  release(recipe: Recipe, directory: string): Promise<Attempt<void>>;
  /** @default it is not built */
  build?: (recipe: Recipe, directory: string) => Promise<void>;
  /** The packaging files of an installed tool. */
  packaging(recipe: Recipe, directory: string): Promise<void>;
}

const quickWays: Ways = { installed: findInstalled, release: getRelease, packaging: getPackaging };
const realWays: Ways = { ...quickWays, build: buildTool };

/** It would have to be built. */
class UnbuiltError extends Error {}

/**
 * Gets a tool: the installed one at the pinned version, else what the cache has, else the official release, else a build
 * from Go modules. It says which way is taken and why not an earlier one. What is in the cache stays as it is, also when
 * a release can be reached later.
 */
export async function ensureTool(recipe: Recipe, ways: Ways = realWays): Promise<Tool> {
  const installed = await ways.installed(recipe);
  return "done" in installed
    ? useInstalled(recipe, ways, installed.done)
    : useCache(recipe, ways, installed.refused);
}

/** The same, where it need not be built. */
export async function findTool(recipe: Recipe, ways: Ways = quickWays): Promise<Tool | undefined> {
  try {
    return await ensureTool(recipe, ways);
  } catch (error) {
    if (error instanceof UnbuiltError) return undefined;
    throw error;
  }
}

/** Whether it is there already: installed at the pinned version, or in the cache. */
export async function isThere(recipe: Recipe): Promise<boolean> {
  return existsSync(toolDirectory(recipe)) || "done" in (await findInstalled(recipe));
}

async function useInstalled(recipe: Recipe, ways: Ways, program: string): Promise<Tool> {
  const tool: Tool = { name: recipe.name, version: recipe.version, path: program, how: "installed" };
  if (recipe.packaging === undefined) return tool;
  const packaging = await publish(`${toolDirectory(recipe)}-packaging`, (directory) =>
    step(
      `${recipe.name} ${recipe.version}: installed at ${program}; getting its packaging files as a Go module`,
      () => ways.packaging(recipe, directory),
    ),
  );
  return { ...tool, packaging };
}

async function useCache(recipe: Recipe, ways: Ways, notInstalled: string): Promise<Tool> {
  const directory = await publish(toolDirectory(recipe), async (temporary) => {
    const title = `${recipe.name} ${recipe.version}`;
    const release = await step(`${title}: ${notInstalled}; trying the official release`, () =>
      ways.release(recipe, temporary),
    );
    if ("refused" in release) {
      process.stderr.write(`    ${release.refused}\n`);
      const { build } = ways;
      if (build === undefined) throw new UnbuiltError(`${title} would have to be built`);
      const effort = `about ${recipe.build.minutes} minutes on two cores`;
      await step(`${title}: building from Go modules (${effort})`, () => build(recipe, temporary));
    }
    await writeFile(path.join(temporary, "how"), "done" in release ? "release" : "built");
  });
  const how = (await readFile(path.join(directory, "how"), "utf8")) === "release" ? "release" : "built";
  const tool: Tool = {
    name: recipe.name,
    version: recipe.version,
    path: path.join(directory, "bin", recipe.name),
    how,
  };
  return recipe.packaging === undefined ? tool : { ...tool, packaging: path.join(directory, "packaging") };
}

function toolDirectory(recipe: Recipe): string {
  return path.join(cacheDir(), "tools", `${recipe.name}-${recipeKey(recipe)}`);
}

/** Lets go of Go's caches, once all is built that was asked for, also of those which a killed run has left. */
export async function dropGoCaches(): Promise<void> {
  // A build under way in another process needs them, and its run lets go of them.
  if (!existsSync(goCaches()) || (await isLocked(`${goCaches()}.lock`))) return;
  const release = await lock(`${goCaches()}.lock`);
  try {
    // Some hundred thousand files: nobody waits for that.
    const old = `${goCaches()}.${process.pid}.old`;
    if (existsSync(goCaches())) await rename(goCaches(), old);
    spawn("rm", ["-rf", old], { detached: true, stdio: "ignore" }).unref();
  } finally {
    await release();
  }
}
