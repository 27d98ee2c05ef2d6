import { chmod, cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll } from "vitest";
import { run, type RunResult } from "../../../sandbox/log";
import { projectRoot } from "../../../sandbox/paths";
import { install, jobOf, readWorkflow, runScript, scripts } from "../../ci/workflow";

/** What a workflow needs of this project. */
const parts = [
  "ci",
  "components",
  "config",
  "operations",
  "render",
  "index.ts",
  "library.ts",
  "package.json",
  "Pulumi.yaml",
];

/** A git checkout of this project on GitHub's runner, without what is not needed of it. */
export class Checkout {
  private constructor(
    readonly directory: string,
    /** What the runner sets. */
    readonly env: Record<string, string>,
    /** The values of the workflows' expressions. */
    readonly values: Record<string, string>,
  ) {}

  /** It is gone with the test file. */
  static async create(env: Record<string, string>, values: Record<string, string>): Promise<Checkout> {
    const directory = await mkdtemp(path.join(tmpdir(), "soar-pipeline-"));
    afterAll(() => rm(directory, { recursive: true, force: true }));
    // The packages are in the folder above, where Node finds them as well: git would not let a file of ours be there.
    const root = path.join(directory, "checkout");
    for (const part of [...parts, "tsconfig.json", "tsconfig.pulumi.json"]) {
      await cp(path.join(projectRoot, part), path.join(root, part), { recursive: true });
    }
    await symlink(path.join(projectRoot, "node_modules"), path.join(directory, "node_modules"));
    await chmod(path.join(root, "ci/checkout-deployed.sh"), 0o755);
    const checkout = new Checkout(root, env, values);
    await checkout.git("init", "--quiet", "--initial-branch=main");
    return checkout;
  }

  async git(...args: string[]): Promise<string> {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@soar.test"];
    return (await run("git", [...identity, ...args], { cwd: this.directory })).stdout.trim();
  }

  /** Commits the file of a stack; returns the commit. */
  async commit(stack: string, text: string): Promise<string> {
    await writeFile(path.join(this.directory, `Pulumi.${stack}.yaml`), text);
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--message", "Change the settings");
    return this.git("rev-parse", "HEAD");
  }

  /**
   * The scripts of a job but for the installation; those after a failed one do not run, and whatever they did to the checkout is
   * gone afterwards, as it is on a runner.
   */
  async runJob(
    workflow: string,
    name: string,
    more: { values?: Record<string, string>; env?: Record<string, string> } = {},
  ): Promise<RunResult> {
    const head = await this.git("rev-parse", "HEAD");
    const values = { ...this.values, ...more.values };
    const env = { ...this.env, ...more.env };
    const all: RunResult = { code: 0, stdout: "", stderr: "" };
    for (const step of scripts(jobOf(readWorkflow(workflow), name))) {
      if (step.run === install) continue;
      const { code, stdout, stderr } = await runScript(step, { cwd: this.directory, env, values }, 300_000);
      all.stdout += stdout;
      all.stderr += stderr;
      if (code === 0 || step["continue-on-error"] === true) continue;
      all.code = code;
      break;
    }
    await this.git("checkout", "--quiet", "--force", "-B", "main", head);
    return all;
  }
}
