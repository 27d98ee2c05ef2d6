import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { run, type RunResult } from "../../sandbox/log";
import { engineEnvironment, ensurePulumiHome } from "../../sandbox/plugins/install";
import { ensurePulumi } from "../../sandbox/tools/toolchain";
import { repository, startGitHubApi, token } from "../ci/github-api";
import { Checkout } from "./harness/checkout";
import { editFile, stopSshd } from "./harness/faults";
import { TestStack } from "./harness/stack";

const passphrase = "passphrase-of-the-stack";

/**
 * The scripts of deploy.yml and drift.yml, from a git checkout of this project to a host, with a stand-in of GitHub's API. Not
 * run here: the actions, and so the way of the reports from job to job, and GitHub's own rules for environments.
 */
describe("a pipeline", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("pipelines");
  const pulumi = await ensurePulumi();
  const state = await mkdtemp(path.join(tmpdir(), "soar-pipeline-state-"));
  const summary = path.join(state, "summary.md");
  const github = await startGitHubApi();
  afterAll(async () => {
    github.close();
    await rm(state, { recursive: true, force: true });
  });
  const { address, hostKey, privateKeyFile } = stack.host;
  const env = {
    ...engineEnvironment((await ensurePulumiHome(pulumi)).home),
    PATH: `${path.dirname(pulumi.path)}:${process.env["PATH"] ?? ""}`,
    PULUMI_BACKEND_URL: `file://${state}`,
    // What vitest has of its own, and the agent of whoever runs the tests.
    VITEST: "",
    NODE_ENV: "",
    SSH_AUTH_SOCK: "",
    GITHUB_API_URL: github.url,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: "42",
    GITHUB_STEP_SUMMARY: summary,
  };
  const isRelease = "github.event_name == 'release' && 'prod' || 'staging'";
  const checkout = await Checkout.create(env, {
    [isRelease]: "staging",
    "matrix.stack": "staging",
    "secrets.PULUMI_ACCESS_TOKEN": "",
    "secrets.PULUMI_CONFIG_PASSPHRASE": passphrase,
    "secrets.SSH_PRIVATE_KEY": await readFile(privateKeyFile, "utf8"),
    "secrets.HOST_KEY": hostKey,
    "github.token": token,
  });
  const commits = { a: "", b: "", back: "" };

  /** The stack's file, without the host's key, which is a secret of the pipeline. */
  const settings = (retention: string, revision: number): string => {
    const all = {
      environment: "staging",
      host: { address, user: "deploy" },
      repository: stack.setting("repository"),
      pyroscope: { version: `1.21.1-${revision}`, retention, diskBudget: "5GiB" },
      alloy: { version: "1.10.0-1" },
      // The way back over a package is one to an older version.
      allowDowngrade: true,
      services: [{ name: "soar-run", port: 9091, interval: "6s", duration: "4s" }],
    };
    const config = Object.entries(all).map(([key, value]) => [`soar-profiling:${key}`, value] as const);
    return stringify({ config: Object.fromEntries(config) });
  };
  const deploy = async (): Promise<RunResult & { summary: string }> => {
    await writeFile(summary, "");
    const sha = await checkout.git("rev-parse", "HEAD");
    const result = await checkout.runJob("deploy", "deploy", { values: { "github.sha": sha } });
    return { ...result, summary: await readFile(summary, "utf8") };
  };
  /** Both jobs of drift.yml; what the second one says. */
  const look = async (): Promise<string> => {
    const seen = await checkout.runJob("drift", "look");
    expect(seen.code, seen.stdout + seen.stderr).toBe(0);
    // Of the other stack's job.
    const other = { stack: "prod", state: "same", lines: [] };
    await writeFile(path.join(checkout.directory, "drift/prod.json"), JSON.stringify(other));
    const { code, stdout, stderr } = await checkout.runJob("drift", "tell");
    expect(code, stdout + stderr).toBe(0);
    return /^staging: .*/m.exec(stdout)?.[0] ?? stdout;
  };
  /** Bytes, modes and owners of all that is ours, the versions of all packages, and how the units are. */
  const picture = async (): Promise<string> => {
    const ours = [
      ...["/etc/pyroscope", "/etc/alloy", "/etc/default/alloy", "/etc/systemd/system"],
      ...["/etc/apt/sources.list.d", "/etc/apt/keyrings", "/usr/local/lib/soar-profiling/staging/*"],
    ].join(" ");
    return stack.operator(
      `find ${ours} -type f ! -path '*/records/*' -printf '%p %m %u:%g\\n' -exec cat {} + | sort; ` +
        "dpkg-query -W -f '${Package} ${Version} ${Status}\\n'; apt-mark showhold; " +
        "systemctl list-units --all --no-legend --plain '*.service' | awk '{ print $1, $3, $4 }' | " +
        "grep -E '^(alloy|pyroscope|soar-[a-z-]*)\\.service'; systemctl is-enabled alloy pyroscope",
    );
  };

  beforeAll(async () => {
    await checkout.commit("staging", settings("4d", 1));
    const cli = { cwd: checkout.directory, env: { ...env, PULUMI_CONFIG_PASSPHRASE: passphrase } };
    await run(pulumi.path, ["stack", "init", "staging"], cli);
    // With the salt that it has written into the file.
    await checkout.git("add", "--all");
    await checkout.git("commit", "--quiet", "--message", "Begin");
    commits.a = await checkout.git("rev-parse", "HEAD");
  });

  test("deploys the commit that was pushed, proves it, and leaves no word of a secret", async () => {
    const { code, stdout, stderr, summary: told } = await deploy();
    expect(code, stdout + stderr).toBe(0);
    expect(told).toContain(`### Deploy of staging at ${commits.a}: done\n`);
    expect(told).toMatch(/<b>up<\/b>: \d+ created<\/summary>/);
    expect(told).toMatch(/^SERVICE +KIND +LISTENS/m);
    expect(told).toMatch(/^soar-run +cpu +127\.0\.0\.1:9091 /m);
    const key = (await readFile(privateKeyFile, "utf8")).split("\n")[1] ?? "";
    for (const secret of [passphrase, key]) expect(stdout + stderr + told).not.toContain(secret);
    expect(await stack.operator("cat /etc/alloy/conf.d/staging-profiles.alloy")).toContain(commits.a);
    expect(await checkout.git("status", "--porcelain")).toBe("");
  });

  test("is taken back by `git revert` and a deploy: all bytes, versions and units, but for the commit's own name", async () => {
    const before = await picture();
    const file = await readFile(path.join(checkout.directory, "Pulumi.staging.yaml"), "utf8");
    commits.b = await checkout.commit("staging", file.replace("4d", "3d").replace("1.21.1-1", "1.21.1-2"));
    const there = await deploy();
    expect(there.code, there.stdout + there.stderr).toBe(0);
    const changed = await picture();
    expect(changed).toContain("pyroscope 1.21.1-2 hold");
    expect(changed.replaceAll(commits.b, commits.a)).not.toBe(before);
    await checkout.git("revert", "--no-edit", "HEAD");
    commits.back = await checkout.git("rev-parse", "HEAD");
    const back = await deploy();
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect((await picture()).replaceAll(commits.back, commits.a)).toBe(before);
  });

  test("fails where verify does, with its table in the summary, and is green again after it", async () => {
    await stack.operator("systemctl stop soar-run");
    const { code, summary: told } = await deploy();
    await stack.operator("systemctl start soar-run");
    expect(code).toBe(1);
    expect(told).toContain(`### Deploy of staging at ${commits.back}: failed\n`);
    expect(told).toContain("<b>up</b>: no changes</summary>");
    expect(told).toMatch(/<details open><summary><b>verify<\/b>: not all of it arrives<\/summary>/);
    expect(told).toMatch(/^soar-run +cpu +BROKEN/m);
    expect(told).toMatch(/soar-run\.service is stopped/);
    // Alloy has to ask it once more.
    await expect.poll(async () => (await deploy()).code, { timeout: 120_000, interval: 5_000 }).toBe(0);
  });

  test("fails where the up does, and verifies nothing", async () => {
    const file = await readFile(path.join(checkout.directory, "Pulumi.staging.yaml"), "utf8");
    await checkout.commit("staging", file.replace("1.21.1-1", "9.9.9"));
    const { code, summary: told } = await deploy();
    expect(code).toBe(1);
    expect(told).toContain("<details open><summary><b>up</b>: failed</summary>");
    expect(told).toContain("pyroscope.version: Pyroscope 9.x is not supported");
    expect(told).toContain("**verify** was not run, because the up failed");
  });

  describe("looks for drift", () => {
    test("finds none, although a commit was merged that is not deployed", async () => {
      const before = await picture();
      expect(await look()).toBe("staging: same, its issue was left alone");
      expect(github.issues).toEqual([]);
      expect(await picture()).toBe(before);
    });

    test("opens one issue for a hand edit, says nothing more of the same, and edits it for another", async () => {
      const file = "/etc/pyroscope/config.yml";
      await editFile(stack, file, "$a # by hand");
      expect(await look()).toBe("staging: drift, its issue was opened");
      const [issue] = github.issues;
      expect(issue?.title).toBe("Drift: staging is not as it was deployed");
      expect(issue?.body).toContain(`On the host ${file} was edited. An up puts it back.\n`);
      expect(issue?.body).toContain("An up would update soar-platform-pyroscope-config-files.\n");
      expect(issue?.body).not.toContain("by hand\n+");
      expect(await look()).toBe("staging: drift, its issue was left alone");
      await stack.operator("chmod 0644 /etc/alloy/conf.d/platform.alloy");
      expect(await look()).toBe("staging: drift, its issue was edited");
      expect(github.issues.length).toBe(1);
      await stack.operator("chmod 0640 /etc/alloy/conf.d/platform.alloy");
    });

    test("is seen by a preview of a pull request as well, if the pipeline has a key", async () => {
      const preview = async (values: Record<string, string>): Promise<string> => {
        const { code, stdout, stderr } = await checkout.runJob("preview", "preview", { values });
        expect(code, stdout + stderr).toBe(0);
        const report = await readFile(path.join(checkout.directory, "previews/staging.json"), "utf8");
        return (JSON.parse(report) as { text: string }).text;
      };
      await checkout.git("checkout", "--quiet", "-B", "main", commits.back);
      const words = "On the host /etc/pyroscope/config.yml was edited. An up puts it back.";
      expect(await preview({})).toContain(words);
      const before = await stack.logins();
      expect(await preview({ "secrets.SSH_PRIVATE_KEY": "" })).not.toContain("On the host");
      expect(await stack.logins()).toBe(before);
    });

    test("says that it could not look, where it could not", async () => {
      await stopSshd(stack, 60);
      expect(await look()).toBe("staging: unseen, its issue was edited");
      expect(github.issues).toMatchObject([{ title: "Drift: staging cannot be looked at", state: "open" }]);
      expect(github.issues[0]?.body).toContain("detectDrift: the host could not be asked");
      await expect.poll(() => stack.status("true").catch(() => 255), { timeout: 90_000 }).toBe(0);
    });

    test("closes it once nothing differs", async () => {
      await editFile(stack, "/etc/pyroscope/config.yml", "$d");
      expect(await look()).toBe("staging: same, its issue was closed");
      expect(github.issues).toMatchObject([{ state: "closed" }]);
      expect(await look()).toBe("staging: same, its issue was left alone");
    });
  });
});
