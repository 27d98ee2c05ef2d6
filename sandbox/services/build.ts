import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { run, step } from "../log";
import { cacheDir, contentKey, publish } from "../paths";
import { ensureCargo, keepSettings } from "./cargo";

const source = __dirname;
/** What the services run, and one that sends its profiles itself. */
const programs = ["soar-service", "soar-push"];

/**
 * Builds the programs of the services, once for each state of their sources, and returns the paths of the executables. They
 * need a C library no newer than the host's: see `missingLibraries`.
 */
export async function ensureServices(): Promise<string[]> {
  const directory = await serviceDirectory();
  await publish(directory, build);
  return programs.map((program) => path.join(directory, program));
}

/** Whether the cache has them. */
export async function isServiceThere(): Promise<boolean> {
  return existsSync(await serviceDirectory());
}

/** Refuses a machine whose cargo is too old, before anything is built. */
export async function ensureServiceCargo(): Promise<string> {
  const manifest = await readFile(path.join(source, "Cargo.toml"), "utf8");
  const minimum = /^rust-version = "(.+)"$/m.exec(manifest)?.[1];
  if (minimum === undefined) throw new Error("Cargo.toml states no rust-version");
  return ensureCargo(minimum);
}

async function serviceDirectory(): Promise<string> {
  return path.join(cacheDir(), "services", await sourceKey());
}

async function build(directory: string): Promise<void> {
  const cargo = await ensureServiceCargo();
  const target = path.join(directory, "target");
  // What cargo downloads would stay in the user's home.
  const home = path.join(directory, "cargo-home");
  await mkdir(home);
  await keepSettings(home);
  const args = ["build", "--release", "--locked", "--target-dir", target];
  const options = { cwd: source, env: { CARGO_HOME: home } };
  await step(`Building ${programs.join(" and ")} with ${cargo}`, () => run("cargo", args, options));
  for (const program of programs)
    await copyFile(path.join(target, "release", program), path.join(directory, program));
  for (const part of [target, home]) await rm(part, { recursive: true });
}

async function sourceKey(): Promise<string> {
  const sources = await readdir(path.join(source, "src"), { recursive: true });
  const files = [
    "Cargo.toml",
    "Cargo.lock",
    ...sources
      .filter((file) => file.endsWith(".rs"))
      .map((file) => path.join("src", file))
      .sort(),
  ];
  const contents = await Promise.all(files.map((file) => readFile(path.join(source, file), "utf8")));
  return contentKey([process.arch, ...files, ...contents]);
}
