import { copyFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import program from "../../index";
import { run, type RunResult } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";
import { engineEnvironment, ensurePulumiHome } from "../../sandbox/plugins/install";
import { pulumiCommand } from "../../sandbox/stack";
import { ensurePulumi } from "../../sandbox/tools/toolchain";
import { repository, startGitHubApi, token } from "../ci/github-api";
import { install, jobOf, readWorkflow, runScript, scripts } from "../ci/workflow";

const passphrase = "passphrase-of-the-stacks";
const grafanaAuth = "glsa_login-to-grafana";
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1bVPzc7Yl0xM9Q0gXb3T2a5kzC8dY4uWfH6rEoQs1N";
const stacks = ["prod", "staging"];

/**
 * The scripts of preview.yml, in a checkout of this project, against a stand-in of GitHub's API. No host runs, and the
 * names in the stacks' files lead nowhere. Not run here: the actions, and so the way of the reports from job to job, and
 * the installation of the packages (workflows.test.ts runs the same line).
 */
describe("preview.yml, with no host in reach", async () => {
  const pulumi = await ensurePulumi();
  const checkout = await mkdtemp(path.join(tmpdir(), "soar-preview-"));
  for (const part of [
    "ci",
    "components",
    "config",
    "render",
    "index.ts",
    "package.json",
    "tsconfig.json",
    "tsconfig.pulumi.json",
  ]) {
    await cp(path.join(projectRoot, part), path.join(checkout, part), { recursive: true });
  }
  for (const file of ["Pulumi.yaml", ...stacks.map((stack) => `Pulumi.${stack}.yaml`)]) {
    await copyFile(path.join(projectRoot, file), path.join(checkout, file));
  }
  await symlink(path.join(projectRoot, "node_modules"), path.join(checkout, "node_modules"));
  const state = await mkdtemp(path.join(tmpdir(), "soar-preview-state-"));
  const github = await startGitHubApi();
  afterAll(async () => {
    github.close();
    for (const directory of [checkout, state]) await rm(directory, { recursive: true, force: true });
  });
  afterEach(() => rm(path.join(checkout, "previews"), { recursive: true, force: true }));

  const env = {
    ...engineEnvironment((await ensurePulumiHome(pulumi)).home),
    PATH: `${path.dirname(pulumi.path)}:${process.env["PATH"] ?? ""}`,
    PULUMI_BACKEND_URL: `file://${state}`,
    GITHUB_API_URL: github.url,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: "42",
  };
  const values = {
    "secrets.PULUMI_ACCESS_TOKEN": "",
    "secrets.PULUMI_CONFIG_PASSPHRASE": passphrase,
    "github.token": token,
    "github.event.pull_request.number": "7",
    "github.event.pull_request.head.sha": "0123456789abcdef0123456789abcdef01234567",
  };

  /** The scripts of a job but for the installation; those after a failed one do not run. */
  const runJob = async (name: string, more: Record<string, string> = {}): Promise<RunResult> => {
    let result: RunResult | undefined;
    for (const step of scripts(jobOf(readWorkflow("preview"), name))) {
      if (step.run === install) continue;
      result = await runScript(step, { cwd: checkout, env, values: { ...values, ...more } }, 120_000);
      if (result.code !== 0) break;
    }
    if (result === undefined) throw new Error(`the job ${name} has no script`);
    return result;
  };
  /** Both jobs; the comment afterwards, and whose previews failed. */
  const runWorkflow = async (): Promise<{ body: string; failed: string[] }> => {
    const failed: string[] = [];
    for (const stack of stacks) {
      if ((await runJob("preview", { "matrix.stack": stack })).code !== 0) failed.push(stack);
    }
    const { code, stderr } = await runJob("comment");
    expect(code, stderr).toBe(0);
    expect(github.comments.length).toBe(1);
    const body = github.comments[0]?.body ?? "";
    for (const secret of [passphrase, grafanaAuth, token]) expect(body).not.toContain(secret);
    return { body, failed };
  };
  const cli = (args: string[], input?: string): Promise<RunResult> =>
    run(pulumi.path, args, {
      ...{ cwd: checkout, env: { ...env, PULUMI_CONFIG_PASSPHRASE: passphrase } },
      ...(input === undefined ? {} : { input }),
    });

  /** Production's state with the outputs that its own preview announces, as far as others read it after an `up`. */
  const production = async (): Promise<string> => {
    const stack = await LocalWorkspace.selectStack(
      { stackName: "prod", projectName: "soar-profiling", program },
      {
        workDir: checkout,
        pulumiCommand: await pulumiCommand(pulumi),
        envVars: { ...env, PULUMI_CONFIG_PASSPHRASE: passphrase },
      },
    );
    const type = "pulumi:pulumi:Stack";
    let outputs: Record<string, unknown> | undefined;
    await stack.preview({
      onEvent: ({ resOutputsEvent }) => {
        if (resOutputsEvent?.metadata.type === type) outputs = resOutputsEvent.metadata.new?.outputs;
      },
    });
    expect(outputs).toHaveProperty("platform");
    const urn = `urn:pulumi:prod::soar-profiling::${type}::soar-profiling-prod`;
    const manifest = { time: "2026-01-01T00:00:00Z", magic: "", version: "" };
    const resources = [{ urn, type, custom: false, outputs: { platform: outputs?.["platform"] } }];
    return JSON.stringify({ version: 3, deployment: { manifest, resources } });
  };

  test("stacks that are not there yet: the comment says what to do, and the checks fail", async () => {
    const { body, failed } = await runWorkflow();
    expect(failed).toEqual(stacks);
    expect(body).toContain("### Pulumi preview of 0123456\n");
    for (const stack of stacks) {
      expect(body).toContain(`<summary><b>${stack}</b>: failed</summary>`);
      expect(body).toContain(`There is no stack "${stack}": create it with \`pulumi stack init ${stack}\`\n`);
    }
  });

  test("files that are not complete: the comment tells every issue", async () => {
    for (const stack of stacks) await cli(["stack", "init", stack]);
    const { body, failed } = await runWorkflow();
    expect(failed).toEqual(stacks);
    expect(body.match(/^- host\.hostKey: is required: /gm)?.length).toBeGreaterThanOrEqual(2);
  });

  test("production and staging, as in their files: the diff of both, in the same comment", async () => {
    for (const stack of stacks) {
      await cli(["config", "set", "--stack", stack, "--path", "host.hostKey", hostKey]);
      await cli(["config", "set", "--stack", stack, "--secret", "grafanaAuth"], grafanaAuth);
    }
    await cli(["stack", "import", "--stack", "prod"], await production());
    const { body, failed } = await runWorkflow();
    expect(failed, body).toEqual([]);
    for (const stack of stacks) expect(body).toMatch(new RegExp(`<b>${stack}</b>: \\d+ to create`));
    expect(body).toContain("service-config apply profiles");
    expect(body).toContain("/etc/alloy/conf.d/staging-profiles.alloy");
    expect(github.requests.filter((request) => request.startsWith("POST")).length).toBe(1);
  });

  test("a setting that the pull request breaks fails its stack's check only", async () => {
    const file = path.join(checkout, "Pulumi.staging.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("port: 9193", "port: 9192"));
    const { body, failed } = await runWorkflow();
    expect(failed).toEqual(["staging"]);
    expect(body).toMatch(/<details><summary><b>prod<\/b>: \d+ to create/);
    expect(body).toMatch(/<details open><summary><b>staging<\/b>: failed/);
    expect(body).toMatch(/^- services\[1\]\.port: .*9192/m);
  });

  test("a preview that never ran is named", async () => {
    await runJob("preview", { "matrix.stack": "prod" });
    expect((await runJob("comment")).code).toBe(0);
    expect(github.comments[0]?.body).toContain("**staging**: no preview was made, see the run\n");
  });
});
