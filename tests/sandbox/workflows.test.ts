import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";
import { ensureActionlint } from "../../sandbox/tools/toolchain";
import {
  install,
  jobOf,
  readWorkflow,
  runScript,
  scripts,
  type Step,
  workflowFile,
  workflows,
} from "../ci/workflow";

test.each(workflows)("actionlint, with shellcheck, has nothing to say about %s.yml", async (name) => {
  const { path: actionlint } = await ensureActionlint();
  const { code, stdout } = await run(
    actionlint,
    ["-shellcheck=shellcheck", "-no-color", workflowFile(name)],
    {
      allowFailure: true,
    },
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
});

/** `nobody` in Debian: a contributor need not be root, and is not on GitHub's runner. */
const nobody = 65534;

describe("check.yml", async () => {
  // A checkout has what is not generated; the first script installs the packages.
  const checkout = await mkdtemp(path.join(tmpdir(), "soar-checkout-"));
  const generated = new Set(["node_modules", ".git", "target", "test-results"]);
  await cp(projectRoot, checkout, {
    recursive: true,
    filter: (file) => !generated.has(path.basename(file)),
  });
  afterAll(() => rm(checkout, { recursive: true, force: true }));
  const steps = scripts(jobOf(readWorkflow("check"), "check"));
  // Without what vitest tells its own children.
  const runner = { cwd: checkout, env: { CI: "true", VITEST: "", NODE_ENV: "" }, values: {} };
  const pass = async (step: Step & { run: string }, as: object): Promise<void> => {
    const { code, stdout, stderr } = await runScript(step, { ...runner, ...as }, 290_000);
    expect(code, (stdout + stderr).slice(-5000)).toBe(0);
  };

  test("installs the packages, for which anybody can check the types", async () => {
    const [first] = steps;
    expect(first?.run).toBe(install);
    if (first === undefined) return;
    // Where the packages come from is set for this process's own user; all else is anybody's.
    await pass(first, {});
    await run("chown", ["-R", `${nobody}:${nobody}`, checkout]);
    const types = steps.find((step) => step.run === "npm run check:types");
    expect(types).toBeDefined();
    if (types !== undefined) await pass(types, { user: nobody, env: { ...runner.env, HOME: checkout } });
  }, 300_000);

  test("runs what tests/run.sh has run before this, and nothing else", async () => {
    const { scripts: commands } = JSON.parse(
      await readFile(path.join(projectRoot, "package.json"), "utf8"),
    ) as { scripts: Record<string, string> };
    const ours = (await readFile(path.join(projectRoot, "tests/run.sh"), "utf8")).split(/[\s"/]+/);
    for (const step of steps.slice(1)) {
      const name = /^npm run (\S+)$/.exec(step.run)?.[1] ?? "";
      const words = commands[name]?.split(/[\s/]+/);
      expect(words, step.run).toBeDefined();
      expect(ours, step.run).toEqual(expect.arrayContaining(words ?? []));
    }
  });
});
