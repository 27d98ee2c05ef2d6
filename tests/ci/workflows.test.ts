import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../sandbox/paths";
import { install, type Job, jobOf, readWorkflow, scripts, workflowFile, workflows } from "./workflow";

const packageFile = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};
const check = readWorkflow("check");
const preview = readWorkflow("preview");
const deploy = readWorkflow("deploy");
const drift = readWorkflow("drift");

const secretsOf = (job: Job): string[] =>
  [...new Set(JSON.stringify(job).match(/(secrets\.\w+|github\.token)/g) ?? [])].sort();
const ofPulumi = ["secrets.PULUMI_ACCESS_TOKEN", "secrets.PULUMI_CONFIG_PASSPHRASE"];
/** What reaches a host, too. */
const ofHost = ["secrets.HOST_KEY", ...ofPulumi, "secrets.SSH_PRIVATE_KEY"];

describe.each(workflows)("%s.yml", (name) => {
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
      expect(scripts(job).flatMap(({ run }) => (run.startsWith("npm ci") ? [run] : []))).toEqual([install]);
      for (const { run } of scripts(job)) expect(run).not.toContain("${{");
    }
  });

  it("takes for granted no more than it says, and has each step call a script that is there", () => {
    const { permissions, jobs } = readWorkflow(name);
    expect([{}, { contents: "read" }]).toContainEqual(permissions);
    for (const job of Object.values(jobs)) {
      for (const { run } of scripts(job)) {
        const [, typed, shell, npm] =
          /^(?:node --import tsx (\S+)|(ci\/\S+)|npm (?:run (\S+)|ci)) ?/.exec(run) ?? [];
        if (typed !== undefined) expect(existsSync(path.join(projectRoot, typed)), run).toBe(true);
        else if (shell !== undefined) accessSync(path.join(projectRoot, shell), constants.X_OK);
        else if (npm !== undefined) expect(packageFile.scripts).toHaveProperty([npm]);
        else expect(run).toBe(install);
      }
    }
  });

  it("uses the CLI of the library's version, wherever it uses it", () => {
    for (const { uses, with: given } of steps) {
      if (uses?.startsWith("pulumi/actions@") !== true) continue;
      expect(given).toEqual({ "pulumi-version": packageFile.dependencies["@pulumi/pulumi"] });
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
    expect(secretsOf(previews)).toEqual(ofHost);
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
});

describe("deploy.yml", () => {
  const job = jobOf(deploy, "deploy");
  const stack = "${{ github.event_name == 'release' && 'prod' || 'staging' }}";

  it("deploys main to staging and a release to production, each in its environment, and nothing in a fork", () => {
    expect(deploy.on).toEqual({ push: { branches: ["main"] }, release: { types: ["released"] } });
    expect(job.env).toEqual({ STACK: stack });
    expect(job.environment).toBe(stack);
    expect(job.if).toBe("${{ !github.event.repository.fork }}");
  });

  it("is one at a time for each stack, and cuts off none that was begun", () => {
    expect(job.concurrency).toEqual({
      group: "deploy-${{ github.event_name == 'release' && 'prod' || 'staging' }}",
      "cancel-in-progress": false,
    });
  });

  it("may read the code and nothing else, and gives each secret to the one step that needs it", () => {
    expect(deploy.permissions).toEqual({});
    expect(job.permissions).toEqual({ contents: "read" });
    expect(secretsOf(job)).toEqual(ofHost);
    const [, , last] = scripts(job);
    expect(last?.run).toBe('node --import tsx ci/deploy.ts "$STACK"');
    expect(last?.env).toMatchObject({ SOAR_GIT_REF: "${{ github.sha }}" });
    expect(JSON.stringify(job).match(/secrets\./g)?.length).toBe(4);
  });
});

describe("drift.yml", () => {
  const look = jobOf(drift, "look");
  const tell = jobOf(drift, "tell");

  it("looks each day and when somebody asks, and not in a fork", () => {
    expect(Object.keys(drift.on)).toEqual(["schedule", "workflow_dispatch"]);
    expect(look.if).toBe("${{ !github.event.repository.fork }}");
    expect(tell.if).toBe("${{ !cancelled() && needs.look.result != 'skipped' }}");
  });

  it("parts who has the secrets from who may write, and waits for no deploy", () => {
    expect(drift.permissions).toEqual({});
    expect(look.permissions).toEqual({ contents: "read" });
    expect(tell.permissions).toEqual({ contents: "read", issues: "write" });
    expect(secretsOf(look)).toEqual(ofHost);
    expect(secretsOf(tell)).toEqual(["github.token"]);
    expect(drift.concurrency?.group).toBe("drift");
  });

  it("looks at every stack that is previewed, from the commit that was deployed, and has one issue for each", () => {
    expect(look.strategy?.matrix.stack).toEqual(jobOf(preview, "preview").strategy?.matrix.stack);
    const { steps } = look;
    expect(steps[0]?.with?.["fetch-depth"]).toBe(0);
    const lines = scripts(look).map(({ run }) => run);
    expect(lines).toEqual([
      'ci/checkout-deployed.sh "$STACK"',
      install,
      'node --import tsx ci/host-key.ts "$STACK"',
      'node --import tsx ci/drift.ts "$STACK" drift',
    ]);
    // A job that fails each day would tell each day.
    expect(scripts(look).at(-1)?.["continue-on-error"]).toBe(true);
    expect(scripts(tell).at(-1)?.run).toBe("node --import tsx ci/drift-issue.ts drift prod staging");
    const [upload, download] = [...steps, ...tell.steps].filter((step) =>
      (step.uses ?? "").includes("load-artifact"),
    );
    expect(upload?.with).toMatchObject({ name: "drift-${{ matrix.stack }}", path: "drift/" });
    expect(download?.with).toEqual({ pattern: "drift-*", path: "drift", "merge-multiple": true });
  });
});
