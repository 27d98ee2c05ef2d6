import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { projectRoot } from "../../sandbox/paths";
import { install, jobOf, readWorkflow, scripts } from "./workflow";

const page = readFileSync(path.join(projectRoot, "docs/pipelines.md"), "utf8");
const [, example = ""] = /```yaml\n([^]*?)```/.exec(page) ?? [];

interface GitLab {
  default: { before_script: string[] };
  ".deploy": { script: string[]; resource_group: string; environment: string };
  drift: { script: string[]; environment: { name: string; action: string } };
}

const withoutVariables = (line: string): string => line.replace(/^(?:[A-Z_]+=\S+ )+/, "");

test("the example for GitLab runs what GitHub's workflows run, with the same versions", () => {
  const gitlab = parse(example) as GitLab;
  const lines = (workflow: string, job: string): string[] =>
    scripts(jobOf(readWorkflow(workflow), job)).map(({ run }) => run);
  expect(gitlab[".deploy"].script.map(withoutVariables)).toEqual(
    lines("deploy", "deploy").filter((line) => line !== install),
  );
  expect(gitlab.drift.script.map(withoutVariables)).toEqual(lines("drift", "look"));
  expect(gitlab.default.before_script.at(-1)).toBe(install);
  const { dependencies } = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  expect(gitlab.default.before_script.join("\n")).toContain(
    `pulumi-v${dependencies["@pulumi/pulumi"]}-linux-x64`,
  );
});

test("the example for GitLab gives each job the variables of its stack, and calls a look no deploy", () => {
  const { ".deploy": deploy, drift } = parse(example) as GitLab;
  expect(deploy.environment).toBe("$STACK");
  expect(drift.environment).toEqual({ name: "$STACK", action: "access" });
});

test("every script that the page names is there", () => {
  const named = [...page.matchAll(/\bci\/[a-z-]+\.(?:ts|sh)/g)].map(([file]) => file);
  expect(new Set(named).size).toBeGreaterThan(4);
  for (const file of named) expect(existsSync(path.join(projectRoot, file)), file).toBe(true);
});
