import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";
import { ensureActionlint } from "../../sandbox/tools/toolchain";
import { install, jobOf, readWorkflow, runScript, scripts, workflowFile } from "../ci/workflow";

test.each(["check", "preview"])(
  "actionlint, with shellcheck, has nothing to say about %s.yml",
  async (name) => {
    const { path: actionlint } = await ensureActionlint();
    const { code, stdout } = await run(
      actionlint,
      ["-shellcheck=shellcheck", "-no-color", workflowFile(name)],
      {
        allowFailure: true,
      },
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  },
);

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

  test.each(scripts(jobOf(readWorkflow("check"), "check")))(
    "$run",
    async (step) => {
      // Without what vitest tells its own children.
      const runner = { cwd: checkout, env: { CI: "true", VITEST: "", NODE_ENV: "" }, values: {} };
      if (step.run !== install) {
        // Where the packages come from is set for this process's own user; all else is anybody's.
        await run("chown", ["-R", `${nobody}:${nobody}`, checkout]);
        Object.assign(runner, { user: nobody, env: { ...runner.env, HOME: checkout } });
      }
      const { code, stdout, stderr } = await runScript(step, runner, 590_000);
      expect(code, (stdout + stderr).slice(-5000)).toBe(0);
    },
    600_000,
  );
});
