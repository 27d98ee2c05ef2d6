import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";

/**
 * `pulumi` where there is no language host: what runs the program, here that of the current directory, runs it in the
 * Automation API. Everything else is the real command line, which `PULUMI_ROOT` has in its `bin`.
 */
const root = process.env["PULUMI_ROOT"] ?? "";
const real = path.join(root, "bin", "pulumi");

const shown = {
  color: "never",
  onOutput: (text: string) => void process.stdout.write(text),
  onError: (text: string) => void process.stderr.write(text),
} as const;

const verbs: Record<string, (stack: Stack, flags: readonly string[]) => Promise<unknown>> = {
  preview: (stack, flags) => stack.preview({ ...shown, diff: flags.includes("--diff") }),
  up: (stack) => stack.up({ ...shown, suppressProgress: true }),
  destroy: (stack, flags) =>
    stack.destroy({ ...shown, suppressProgress: true, runProgram: flags.includes("--run-program") }),
};
const known = ["--diff", "--run-program"];

async function main([verb = "", ...flags]: readonly string[]): Promise<number> {
  const run = verbs[verb];
  // It takes the home of the user database, where the state of a test has no place.
  const isLocal = verb === "login" && flags.join(" ") === "--local";
  const words = isLocal ? [verb, `file://${process.env["HOME"] ?? ""}`] : [verb, ...flags];
  if (run === undefined) return spawnSync(real, words, { stdio: "inherit" }).status ?? 1;
  const strange = flags.filter((flag) => !known.includes(flag));
  if (strange.length > 0)
    throw new Error(`the stand-in of pulumi ${verb} does not know ${strange.join(" ")}`);
  const workDir = process.cwd();
  const [, projectName = ""] = /^name: (.+)$/m.exec(readFileSync("Pulumi.yaml", "utf8")) ?? [];
  // As Pulumi does: what the program exports, or what a function that it exports returns.
  const program: PulumiFn = async () => {
    const index = (await import(path.join(workDir, "index.ts"))) as {
      default: PulumiFn | Record<string, unknown>;
    };
    return typeof index.default === "function" ? index.default() : index.default;
  };
  const stackName = spawnSync(real, ["stack", "--show-name"], { encoding: "utf8" }).stdout.trim();
  const stack = await LocalWorkspace.selectStack(
    { stackName, projectName, program },
    { workDir, pulumiCommand: await PulumiCommand.get({ root }) },
  );
  await run(stack, flags);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
