import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { gzipSync } from "node:zlib";

import { run, step } from "../log";
import { cacheDir, contentKey, publish } from "../paths";
import { ensurePackages } from "../prerequisites";
import type { Tool } from "../tools/toolchain";
import { alloyLayout } from "./alloy";
import { buildDebs, debArchitecture, type PackageLayout } from "./deb";
import { pyroscopeLayout } from "./pyroscope";
import { keyFileName, signRepository, suite } from "./sign";

/** A signed APT repository: suite `stable`, component `main`, the architecture of this machine. */
export interface Repository {
  /** The tree to serve. */
  directory: string;
  /** Its public key, armored; `key.asc` at the tree's root. */
  keyFile: string;
  /** The key's fingerprint: 40 hexadecimal digits in upper case. */
  fingerprint: string;
  /** The two Debian revisions of each package, the older first. */
  versions: Versions;
}

export interface Versions {
  pyroscope: [string, string];
  alloy: [string, string];
}

/** What is kept beside the tree. */
interface Facts {
  fingerprint: string;
  versions: Versions;
}

/**
 * The repository that a sandbox host installs Pyroscope and Alloy from. Made once for the given tools, in about ten
 * seconds, and kept in the cache.
 */
export async function ensureRepository(tools: { pyroscope: Tool; alloy: Tool }): Promise<Repository> {
  const layouts = {
    pyroscope: pyroscopeLayout(tools.pyroscope.path, packagingOf(tools.pyroscope)),
    alloy: alloyLayout(tools.alloy.path, packagingOf(tools.alloy)),
  };
  const versions: Versions = {
    pyroscope: revisions(tools.pyroscope.version),
    alloy: revisions(tools.alloy.version),
  };
  const key = await repositoryKey(Object.values(layouts), versions);
  const home = await publish(path.join(cacheDir(), "packages", key), (temporary) =>
    step("build the packages of Pyroscope and Alloy, and their repository", async () => {
      await ensurePackages(["apt-utils", "gnupg"]);
      const tree = path.join(temporary, "apt");
      const architecture = await debArchitecture();
      for (const name of ["pyroscope", "alloy"] as const) {
        await buildDebs(layouts[name], versions[name], architecture, {
          work: path.join(temporary, "work"),
          output: path.join(tree, "pool/main", name.slice(0, 1), name),
        });
      }
      await indexRepository(tree, architecture);
      const facts: Facts = { fingerprint: await signRepository(tree), versions };
      await writeFile(path.join(temporary, "repository.json"), JSON.stringify(facts, null, 2) + "\n");
    }),
  );
  const facts = JSON.parse(await readFile(path.join(home, "repository.json"), "utf8")) as Facts;
  const directory = path.join(home, "apt");
  return { directory, keyFile: path.join(directory, keyFileName), ...facts };
}

/** The two Debian revisions that are made of a program's version. */
export function revisions(version: string): [string, string] {
  const upstream = version.replace(/^v/, "");
  return [`${upstream}-1`, `${upstream}-2`];
}

/** Writes the indexes (`Packages`, `Packages.gz`, `Release`) of the packages under `pool/`. */
async function indexRepository(tree: string, architecture: string): Promise<void> {
  const dist = path.join(tree, "dists", suite);
  const binary = path.join(dist, "main", `binary-${architecture}`);
  await mkdir(binary, { recursive: true });
  // In the tree, as the index names the files by the paths it is given.
  const packages = (await run("apt-ftparchive", ["packages", "pool"], { cwd: tree })).stdout;
  await writeFile(path.join(binary, "Packages"), packages);
  await writeFile(path.join(binary, "Packages.gz"), gzipSync(packages));
  const release = await run("apt-ftparchive", [...releaseOptions(architecture), "release", dist]);
  await writeFile(path.join(dist, "Release"), release.stdout);
}

/** What `Release` says of the repository itself. */
export function releaseOptions(architecture: string): string[] {
  const fields = {
    Origin: "soar-profiling sandbox",
    Suite: suite,
    Codename: suite,
    Architectures: architecture,
    Components: "main",
  };
  return Object.entries(fields).flatMap(([name, value]) => [
    "-o",
    `APT::FTPArchive::Release::${name}=${value}`,
  ]);
}

function packagingOf(tool: Tool): string {
  if (tool.packaging !== undefined) return tool.packaging;
  throw new Error(`${tool.name} at ${tool.path} comes without its packaging files`);
}

/** Changes with whatever the packages are made of: the programs, the packaging files, and the code of this folder. */
async function repositoryKey(layouts: readonly PackageLayout[], versions: Versions): Promise<string> {
  const inputs: (string | Buffer)[] = [JSON.stringify([layouts, versions])];
  for (const layout of layouts) {
    for (const source of [...layout.files.map((file) => file.source), ...Object.values(layout.scripts)]) {
      const { size, mtimeMs } = await stat(source); // Quicker than reading 450 MB at every start.
      inputs.push(`${size} ${mtimeMs}`);
    }
  }
  for (const file of (await readdir(__dirname)).sort()) {
    if (file !== "server.ts") inputs.push(await readFile(path.join(__dirname, file)));
  }
  return contentKey(inputs);
}
