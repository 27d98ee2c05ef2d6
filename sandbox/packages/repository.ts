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

/** A package and the versions of it that a repository has. */
export interface Package {
  layout: PackageLayout;
  versions: readonly string[];
}

/**
 * The repository that a sandbox host installs Pyroscope and Alloy from. Made once for the given tools, in about ten
 * seconds, and kept in the cache.
 */
export async function ensureRepository(tools: { pyroscope: Tool; alloy: Tool }): Promise<Repository> {
  const { pyroscope, alloy } = tools;
  const versions: Versions = { pyroscope: revisions(pyroscope.version), alloy: revisions(alloy.version) };
  const packages: Package[] = [
    { layout: pyroscopeLayout(pyroscope.path, packagingOf(pyroscope)), versions: versions.pyroscope },
    { layout: alloyLayout(alloy.path, packagingOf(alloy)), versions: versions.alloy },
  ];
  const key = await repositoryKey(packages);
  const home = await publish(path.join(cacheDir(), "packages", key), (temporary) =>
    step("build the packages of Pyroscope and Alloy, and their repository", async () => {
      for (const { layout, versions } of packages) await addPackage(temporary, layout, versions);
      await completeRepository(temporary, versions);
    }),
  );
  return readRepository(home);
}

/** Builds a package into the pool of the repository that is being made below `home`. */
export async function addPackage(
  home: string,
  layout: PackageLayout,
  versions: readonly string[],
): Promise<void> {
  await ensurePackages(["apt-utils", "gnupg"]);
  const name = layout.control.Package;
  await buildDebs(layout, versions, await debArchitecture(), {
    work: path.join(home, "work"),
    output: path.join(home, "apt", "pool/main", name.slice(0, 1), name),
  });
}

/** Indexes and signs the repository below `home`, and notes what is to be known of it. */
export async function completeRepository(home: string, versions: Versions): Promise<void> {
  const tree = path.join(home, "apt");
  await indexRepository(tree, await debArchitecture());
  const facts: Facts = { fingerprint: await signRepository(tree), versions };
  await writeFile(path.join(home, "repository.json"), JSON.stringify(facts, null, 2) + "\n");
}

/** The repository below `home`, which is complete. */
export async function readRepository(home: string): Promise<Repository> {
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

/** The folder with a tool's official packaging files. */
export function packagingOf(tool: Tool): string {
  if (tool.packaging !== undefined) return tool.packaging;
  throw new Error(`${tool.name} at ${tool.path} comes without its packaging files`);
}

/**
 * Changes with whatever the packages are made of: the programs, the packaging files, the code of this folder, and what else
 * is given.
 */
export async function repositoryKey(packages: readonly Package[], ...others: string[]): Promise<string> {
  const inputs: (string | Buffer)[] = [JSON.stringify(packages), ...others];
  for (const { layout } of packages) {
    for (const source of [...layout.files.map((file) => file.source), ...Object.values(layout.scripts)]) {
      if (typeof source !== "string") continue;
      const { size, mtimeMs } = await stat(source); // Quicker than reading 450 MB at every start.
      inputs.push(`${size} ${mtimeMs}`);
    }
  }
  for (const file of (await readdir(__dirname)).sort()) {
    if (file.endsWith(".ts") && file !== "server.ts") inputs.push(await readFile(path.join(__dirname, file)));
  }
  return contentKey(inputs);
}
