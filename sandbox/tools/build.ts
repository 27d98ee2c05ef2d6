import { existsSync } from "node:fs";
import { access, copyFile, mkdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { lock } from "../lock";
import { run, UserError } from "../log";
import { cacheDir } from "../paths";
import { ensurePackages } from "../prerequisites";
import { ensureGo, goCaches, goEnvironment, goTemporary } from "./go";
import { moduleFolder, type Edit, type Recipe } from "./recipe";

/** Free disk, in GB, that the builds of what `make up` needs take while they run; the results need one or two. */
const neededSpace = 12;

/** Builds the tool from its Go modules into `directory`: `bin/` with the program, and its packaging files. */
export async function buildTool(recipe: Recipe, directory: string): Promise<void> {
  const go = await ensureGo();
  await ensurePackages(recipe.build.debianPackages);
  await inModule(recipe, directory, async (work) => {
    await checkSpace();
    await adaptSource(recipe, go, work);
    if (recipe.build.generate !== undefined) await runGo(recipe, go, recipe.build.generate, work);
    const program = path.join(directory, "bin", recipe.name);
    await runGo(recipe, go, buildArguments(recipe, program), work);
    await copyPackaging(recipe, go, work, path.join(directory, "packaging"));
    for (const folder of recipe.build.data ?? []) {
      await rename(path.join(work, "source", folder), path.join(directory, folder));
    }
  });
}

/** The packaging files of a tool that is installed: they come from its Go module. */
export async function getPackaging(recipe: Recipe, directory: string): Promise<void> {
  const go = await ensureGo();
  await inModule(recipe, directory, (work) => copyPackaging(recipe, go, work, directory));
}

/** Gives the action a temporary copy of the tool's go.mod and go.sum, so that nothing is written into the project. */
async function inModule(
  recipe: Recipe,
  directory: string,
  action: (work: string) => Promise<void>,
): Promise<void> {
  // One at a time: two builds would take twice the memory and no less time.
  const release = await lock(`${goCaches()}.lock`);
  const work = path.join(directory, "work");
  try {
    await mkdir(work);
    await mkdir(goTemporary(), { recursive: true });
    for (const file of ["go.mod", "go.sum"]) {
      await copyFile(path.join(moduleFolder(recipe), file), path.join(work, file));
    }
    await action(work);
  } finally {
    for (const part of [work, goTemporary()]) await rm(part, { recursive: true, force: true });
    await release();
  }
}

/** The arguments of the `go` command that builds the tool. */
export function buildArguments(recipe: Recipe, program: string): string[] {
  const variables = Object.entries(recipe.build.variables).map(([name, value]) => `-X ${name}=${value}`);
  const tags = recipe.build.tags === undefined ? [] : ["-tags", recipe.build.tags];
  const linker = ["-s", "-w", ...variables, ...(recipe.build.linkerFlags ?? [])].join(" ");
  return [
    "build",
    "-trimpath",
    "-buildvcs=false",
    // The linker leaves out what is for debuggers; not making it saves a seventh of the time and a fifth of the disk.
    "-gcflags=all=-dwarf=false",
    ...tags,
    "-ldflags",
    linker,
    "-o",
    program,
    recipe.build.package,
  ];
}

/** Makes these changes in a text; each must be there exactly once. */
export function applyEdits(text: string, edits: Edit[]): string {
  return edits.reduce((current, edit) => {
    const [before, after, ...more] = current.split(edit.find);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`${edit.file} does not have exactly once: ${edit.find}`);
    }
    return before + edit.replace + after;
  }, text);
}

async function adaptSource(recipe: Recipe, go: string, work: string): Promise<void> {
  const adapted = recipe.build.adapted;
  if (adapted === undefined) return;
  const from = await downloadModule(recipe, go, adapted.module, work, adapted.sum);
  const source = path.join(work, "source");
  // The module cache is read-only, the copy must not be.
  await run("cp", ["-r", "--no-preserve=mode", from, source]);
  for (const file of new Set(adapted.edits.map((edit) => edit.file))) {
    const text = await readFile(path.join(source, file), "utf8");
    const edits = adapted.edits.filter((edit) => edit.file === file);
    await writeFile(path.join(source, file), applyEdits(text, edits));
  }
  for (const [file, ours] of Object.entries(adapted.files ?? {})) {
    await access(path.join(source, file)); // Only what is there can be replaced.
    await copyFile(path.join(moduleFolder(recipe), ours), path.join(source, file));
  }
}

async function copyPackaging(recipe: Recipe, go: string, work: string, directory: string): Promise<void> {
  if (recipe.packaging === undefined) return;
  const from = await downloadModule(recipe, go, recipe.packaging.module, work, recipe.build.adapted?.sum);
  for (const file of recipe.packaging.files) {
    const to = path.join(directory, file.name);
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(path.join(from, file.inModule), to);
  }
}

/**
 * Downloads a module and returns where it is.
 * @param sum what it must hash to, where go.sum has no line for it because go.mod replaces it
 */
async function downloadModule(
  recipe: Recipe,
  go: string,
  module: string,
  work: string,
  sum?: string,
): Promise<string> {
  // Outside the tool's own module a `replace` does not count, and go.sum neither.
  const cwd = sum === undefined ? work : path.parse(work).root;
  const output = await runGo(recipe, go, ["mod", "download", "-json", module], cwd);
  const answer = JSON.parse(output) as { Dir: string; Sum: string };
  if (sum !== undefined && answer.Sum !== sum) {
    throw new Error(`the module ${module} has the hash ${answer.Sum} and not ${sum}`);
  }
  return answer.Dir;
}

async function runGo(recipe: Recipe, go: string, args: string[], cwd: string): Promise<string> {
  try {
    return (await run(go, args, { cwd, env: goEnvironment(recipe.build.cgo) })).stdout;
  } catch (error) {
    const problem = goProblem(error instanceof Error ? error.message : String(error));
    throw problem === undefined
      ? error
      : new UserError(`${recipe.name} cannot be built (${problem.what})`, problem.remedy);
  }
}

/** What the user can mend about a Go command that has failed. */
export function goProblem(output: string): { what: string; remedy: string } | undefined {
  const line = (pattern: RegExp): string | undefined =>
    output
      .split("\n")
      .find((text) => pattern.test(text))
      ?.trim();
  const network = line(/dial tcp|i\/o timeout|connection refused|TLS handshake|no such host/);
  if (network !== undefined) {
    return {
      what: network,
      remedy: "let this machine reach a Go module proxy (see GOPROXY), and run it again",
    };
  }
  const disk = line(/no space left on device/);
  if (disk !== undefined) return { what: disk, remedy: spaceRemedy };
  return undefined;
}

const spaceRemedy = `free ${neededSpace} GB, or set SOAR_SANDBOX_CACHE to a folder on a larger disk`;

async function checkSpace(): Promise<void> {
  // With a part of it done before, less is enough.
  if (existsSync(path.join(goCaches(), "mod"))) return;
  const { bavail, bsize } = await statfs(cacheDir());
  const free = (bavail * bsize) / 1e9;
  if (free < neededSpace) {
    throw new UserError(
      `building the tools needs ${neededSpace} GB of disk, ${free.toFixed(1)} GB are free`,
      spaceRemedy,
    );
  }
}
