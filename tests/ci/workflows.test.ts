import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../sandbox/paths";
import { install, jobOf, readWorkflow, scripts, workflowFile } from "./workflow";

const packageFile = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};
const check = readWorkflow("check");
const preview = readWorkflow("preview");

describe.each(["check", "preview"])("%s.yml", (name) => {
  const text = readFileSync(workflowFile(name), "utf8");
  const steps = Object.values(readWorkflow(name).jobs).flatMap((job) => job.steps);

  it("pins every action by its commit, with the version beside it", () => {
    const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    for (const action of uses) expect(action).toMatch(/^[a-z-]+\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("leaves no token in the checkout, runs no package's installation script, puts no expression into a script", () => {
    for (const job of Object.values(readWorkflow(name).jobs)) {
      const checkouts = job.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
      expect(checkouts.map((step) => step.with?.["persist-credentials"])).toEqual([false]);
      expect(scripts(job).filter(({ run }) => run.startsWith("npm ci"))).toEqual([{ run: install }]);
      for (const { run } of scripts(job)) expect(run).not.toContain("${{");
    }
  });
});

describe("check.yml", () => {
  it("may read the code, and nothing else", () => {
    expect(check.permissions).toEqual({ contents: "read" });
    expect(readFileSync(workflowFile("check"), "utf8")).not.toMatch(/secrets|github\.token/);
  });

  it("checks format, lint, types and the shell's scripts, and runs the unit tests", () => {
    const [, ...commands] = scripts(jobOf(check, "check")).map(({ run }) => run.replace("npm run ", ""));
    expect(commands).toEqual(["check:format", "check:lint", "check:types", "check:shell", "test:unit"]);
    for (const command of commands) expect(packageFile.scripts).toHaveProperty([command]);
  });
});

describe("preview.yml", () => {
  const previews = jobOf(preview, "preview");
  const comment = jobOf(preview, "comment");
  const stacks = previews.strategy?.matrix.stack;

  it("runs for pull requests of this repository only, with the code of the pull request", () => {
    expect(Object.keys(preview.on)).toEqual(["pull_request"]);
    expect(previews.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(comment.if).toBe("${{ !cancelled() && needs.preview.result != 'skipped' }}");
  });

  it("parts who has Pulumi's secrets from who may write", () => {
    expect(preview.permissions).toEqual({});
    expect(previews.permissions).toEqual({ contents: "read" });
    expect(comment.permissions).toEqual({ contents: "read", "pull-requests": "write" });
    const secretsOf = (job: typeof comment): string[] =>
      JSON.stringify(job).match(/(secrets\.\w+|github\.token)/g) ?? [];
    expect(secretsOf(previews)).toEqual(["secrets.PULUMI_ACCESS_TOKEN", "secrets.PULUMI_CONFIG_PASSPHRASE"]);
    expect(secretsOf(comment)).toEqual(["github.token"]);
  });

  it("previews every stack that is not the sandbox's, and comments on the same ones", () => {
    expect(stacks).toEqual(["prod", "staging"]);
    expect(scripts(comment).at(-1)?.run).toBe(
      `node --import tsx ci/comment.ts previews ${stacks?.join(" ")}`,
    );
  });

  it("has the reports where the comment looks for them", () => {
    const [upload, download] = [...previews.steps, ...comment.steps].filter((step) =>
      /(up|down)load-artifact/.test(step.uses ?? ""),
    );
    expect(scripts(previews).at(-1)?.run).toBe('node --import tsx ci/preview.ts "$STACK" previews');
    expect(upload?.with).toMatchObject({ name: "preview-${{ matrix.stack }}", path: "previews/" });
    expect(download?.with).toEqual({ pattern: "preview-*", path: "previews", "merge-multiple": true });
  });

  it("uses the CLI of the library's version", () => {
    const cli = previews.steps.find(({ uses }) => uses?.startsWith("pulumi/actions@"));
    expect(cli?.with).toEqual({ "pulumi-version": packageFile.dependencies["@pulumi/pulumi"] });
  });
});
