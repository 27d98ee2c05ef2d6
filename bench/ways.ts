import { existsSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { homedir } from "node:os";
import * as path from "node:path";
import { run } from "../sandbox/log";
import { projectRoot } from "../sandbox/paths";
import { engineEnvironment, ensurePulumiHome, ensureStandIns } from "../sandbox/plugins/install";
import { openStack, stackFileOf, stateEnvironment, type StackOptions } from "../sandbox/stack";
import { findProgram } from "../sandbox/tools/installed";
import { ensurePulumi } from "../sandbox/tools/toolchain";

export type Verb = "up" | "preview";

/** A stack, and the program that declares it. */
export interface Declaration {
  stack: StackOptions;
  /** The folder of the program. @default this project's */
  program?: string;
}

/** A way to start Pulumi. */
export interface Way {
  /** Who runs the program. */
  by: "pulumi" | "Automation API";
  /** Whose plugin runs the commands. */
  plugins: "official" | "stand-in";
  /** What is measured; it returns what Pulumi printed. */
  run(verb: Verb, declaration: Declaration, options?: readonly string[]): Promise<string>;
}

const commandPlugin = path.join("plugins", "resource-command-v1.2.1");

/**
 * The ways that this machine has, first the one that is nearest to a user's. Pulumi's language host and its plugin are used where
 * they are installed: the host on PATH or beside `pulumi`, the plugin in the user's Pulumi home.
 * @param directory for Pulumi homes
 */
export async function waysHere(directory: string): Promise<Way[]> {
  const pulumi = await ensurePulumi();
  const standIns = await usersHome(path.join(directory, "pulumi-home-stand-in"), await ensureStandIns());
  const official = await officialHome(path.join(directory, "pulumi-home"), standIns);
  const languageHost = await findProgram("pulumi-language-nodejs", [path.dirname(pulumi.path)]);
  const started = (plugins: Way["plugins"], home: string): Way => ({
    by: "pulumi",
    plugins,
    run: (verb, { stack, program = projectRoot }, options = []) => {
      const file = ["--stack", stack.name ?? "sandbox", "--config-file", stackFileOf(stack)];
      const args = [verb, "--non-interactive", "--cwd", program, ...file, ...options];
      return print(pulumi.path, verb === "up" ? [...args, "--yes"] : args, {
        ...engineEnvironment(home),
        ...stateEnvironment(stack.directory),
        // A language host on PATH is one.
        PULUMI_IGNORE_AMBIENT_PLUGINS: undefined,
      });
    },
  });
  return [
    ...(languageHost === undefined || official === undefined ? [] : [started("official", official)]),
    ...(languageHost === undefined ? [] : [started("stand-in", standIns)]),
    {
      by: "Automation API",
      plugins: "stand-in",
      run: async (verb, { stack, program }) => {
        const child = ["--import", "tsx", path.join(__dirname, "pulumi-run.ts"), verb];
        const args = program === undefined ? child : [...child, path.join(program, "index.ts")];
        return print(process.execPath, args, { PLUGINS: "stand-in" }, JSON.stringify(stack));
      },
    },
  ];
}

/** Writes the stack's settings, and makes the stack where it is not there: outside of the measured time. */
export async function settle({ stack }: Declaration): Promise<void> {
  await openStack(stack);
}

async function print(
  program: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
  input?: string,
): Promise<string> {
  const options = { cwd: projectRoot, env, timeout: 600_000, ...(input === undefined ? {} : { input }) };
  return (await run(program, args, options)).stdout;
}

/**
 * A Pulumi home with the official plugin for commands; what these measurements do not use may be a stand-in there.
 * @param standIns a home with stand-ins
 */
async function officialHome(home: string, standIns: string): Promise<string | undefined> {
  const all = await ensurePulumiHome();
  if (all.plugins === "official") return usersHome(home, all.home);
  const installed = path.join(process.env["PULUMI_HOME"] ?? path.join(homedir(), ".pulumi"), commandPlugin);
  if (!existsSync(installed)) return undefined;
  await usersHome(home, standIns);
  await cp(installed, path.join(home, commandPlugin), { recursive: true });
  return home;
}

/** A copy of a home of the sandbox in which Pulumi writes the log of each command, as in a user's. */
async function usersHome(home: string, from: string): Promise<string> {
  await cp(from, home, { recursive: true });
  await rm(path.join(home, "logs"), { recursive: true, force: true });
  return home;
}
