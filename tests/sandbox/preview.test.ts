import { readdirSync } from "node:fs";
import { copyFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
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
    "operations",
    "render",
    "index.ts",
    "library.ts",
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
    // No key to a host is given.
    "secrets.SSH_PRIVATE_KEY": "",
    "secrets.HOST_KEY": "",
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
      cwd: checkout,
      env: { ...env, PULUMI_CONFIG_PASSPHRASE: passphrase },
      ...(input === undefined ? {} : { input }),
    });

  const select = async (stackName: string): Promise<Stack> =>
    LocalWorkspace.selectStack(
      { stackName, projectName: "soar-profiling", program },
      {
        workDir: checkout,
        pulumiCommand: await pulumiCommand(pulumi),
        envVars: { ...env, PULUMI_CONFIG_PASSPHRASE: passphrase },
      },
    );

  /** Production's state with the outputs that its own preview announces, as far as others read it after an `up`. */
  const production = async (): Promise<string> => {
    const stack = await select("prod");
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

  describe("an example", () => {
    const examples = readdirSync(path.join(projectRoot, "examples"), { recursive: true, encoding: "utf8" })
      // Of stacks of this program; that of examples/library is another (library.test.ts).
      .filter((file) => file.endsWith(".yaml") && !file.startsWith("library/"))
      .sort();

    test.each(examples)("examples/%s, as it is, with what its reader sets", async (file) => {
      const stackName = file.replace(/[/.]/g, "-");
      await copyFile(
        path.join(projectRoot, "examples", file),
        path.join(checkout, `Pulumi.${stackName}.yaml`),
      );
      await cli(["stack", "init", stackName]);
      const set = async (...args: string[]): Promise<unknown> =>
        cli(["config", "set", "--stack", stackName, ...args]);
      const text = await readFile(path.join(projectRoot, "examples", file), "utf8");
      const { config } = parse(text) as { config: Record<string, object> };
      const hosts = Object.keys(config["soar-profiling:hosts"] ?? {}).map((name) => `hosts.${name}`);
      for (const one of hosts.length === 0 ? ["host"] : hosts) await set("--path", `${one}.hostKey`, hostKey);
      if (text.includes("grafana:")) await set("--secret", "grafanaAuth", grafanaAuth);
      if (text.includes("remote:")) await set("--secret", "pyroscopePassword", "a-password");
      const { stdout, stderr, changeSummary } = await (await select(stackName)).preview({ color: "never" });
      expect(changeSummary.create).toBeGreaterThan(5);
      expect(stdout + stderr).not.toMatch(/warning|error/);
    });
  });

  describe("a change of version", () => {
    let state: { deployment: { resources: { outputs: object }[] } };
    beforeAll(async () => {
      state = JSON.parse(await production()) as typeof state;
    });
    afterAll(() => cli(["stack", "import", "--stack", "prod"], JSON.stringify(state)));

    /** What a preview of production says of versions, after an `up` that left these. */
    const told = async (versions: object, change: Record<string, string>): Promise<string[]> => {
      const left = structuredClone(state);
      for (const { outputs } of left.deployment.resources) Object.assign(outputs, { versions });
      await cli(["stack", "import", "--stack", "prod"], JSON.stringify(left));
      const file = path.join(checkout, "Pulumi.prod.yaml");
      const before = await readFile(file, "utf8");
      for (const [key, value] of Object.entries(change))
        await cli(["config", "set", "--stack", "prod", "--path", key, value]);
      const stack = await select("prod");
      const said = await stack.preview({ color: "never", suppressProgress: true }).then(
        ({ stdout, stderr }) => stdout + stderr,
        (error: unknown) => String(error),
      );
      await writeFile(file, before);
      // The engine tells an error more than once.
      const lines = said.match(/^ *(warning|error): .*/gm)?.map((line) => line.trim());
      return [...new Set(lines)].sort();
    };

    test("is told as warnings of the package, row for row as far as it concerns the stack", async () => {
      const versions = { alloy: "1.10.0-1", pyroscope: "1.12.0" };
      const change = { "alloy.version": "1.18.1-1", "pyroscope.version": "1.21.1-1" };
      expect(await told(versions, change)).toEqual([
        "warning: Alloy 1.10.0-1 -> 1.18.1-1: from 1.11 on pyroscope.scrape refuses a profile whose Content-Type is not " +
          "application/octet-stream. Look at what these send: soar-run, soar-web, soar-ingest-ogn, soar-ingest-adsb.",
        "warning: Alloy 1.10.0-1 -> 1.18.1-1: from 1.13 on lines of the journal wait for Loki in memory (10 MiB), no " +
          "longer in the journal. A restart of Alloy while Loki is away loses what waits.",
        "warning: Pyroscope 1.12.0 -> 1.21.1-1: from 1.17 on a dropped label merges the samples of all threads; before, " +
          "those of all but one were lost without a word. What is stored already lacks them for good.",
      ]);
    });

    test("without consequences tells nothing", async () => {
      const versions = { alloy: "1.10.0-1", pyroscope: "1.21.0-1" };
      const change = { "alloy.version": "1.10.1-1", "pyroscope.version": "1.21.1-1" };
      expect(await told(versions, change)).toEqual([]);
    });

    test("that loses profiles is refused, with the reason and what to do", async () => {
      const versions = { alloy: "1.10.0-1", pyroscope: "2.2.1-1" };
      expect(await told(versions, { "pyroscope.version": "1.21.1-1", allowDowngrade: "true" })).toEqual([
        "error: Pyroscope 2.2.1-1 -> 1.21.1-1 is refused: what 2.x has stored is not found by 1.x, and never deleted. Stay " +
          "with 2.2.1-1, or destroy this stack first",
      ]);
    });
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
