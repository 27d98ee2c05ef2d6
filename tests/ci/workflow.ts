import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { run, type RunResult } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";

/** The parts of a GitHub workflow that the tests look at. */
export interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency?: Job["concurrency"];
  jobs: Record<string, Job>;
}

export interface Job {
  if?: string;
  environment?: string;
  concurrency?: { group: string; "cancel-in-progress": boolean };
  env?: Record<string, string>;
  permissions?: Record<string, string>;
  strategy?: { matrix: { stack: string[] } };
  steps: Step[];
}

export interface Step {
  "continue-on-error"?: boolean;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

/** All of them. */
export const workflows = ["check", "deploy", "drift", "preview"];

/** The line that installs the packages, the same in every job. */
export const install = "npm ci --ignore-scripts --no-audit --no-fund";

export function workflowFile(name: string): string {
  return path.join(projectRoot, ".github/workflows", `${name}.yml`);
}

export function readWorkflow(name: string): Workflow {
  return parse(readFileSync(workflowFile(name), "utf8")) as Workflow;
}

export function jobOf(workflow: Workflow, name: string): Job {
  const job = workflow.jobs[name];
  if (job === undefined) throw new Error(`no job ${name}`);
  return job;
}

/** The steps of a job that are scripts, with what the job says for all of them. */
export function scripts({ steps, env }: Job): (Step & { run: string })[] {
  return steps
    .filter((step): step is Step & { run: string } => step.run !== undefined)
    .map((step) => (env === undefined ? step : { ...step, env: { ...env, ...step.env } }));
}

/** Where a script runs. */
export interface Runner {
  cwd: string;
  /** What the runner itself sets, besides the step's own `env`. */
  env: Record<string, string>;
  /** The values of the expressions, such as `matrix.stack`. */
  values: Record<string, string>;
  /** The number of the user that it runs as. @default that of this process */
  user?: number;
}

/** Runs a step's script as GitHub's runner does on Linux. */
export function runScript(
  step: Step & { run: string },
  { cwd, env, values, user }: Runner,
  timeout: number,
): Promise<RunResult> {
  const own = Object.entries(step.env ?? {}).map(([name, text]) => [name, evaluate(text, values)]);
  const shell = ["bash", "-e", "-c", step.run];
  const as = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
  return run("env", user === undefined ? shell : [...as, ...shell], {
    cwd,
    timeout,
    allowFailure: true,
    env: { ...env, ...(Object.fromEntries(own) as Record<string, string>) },
  });
}

function evaluate(text: string, values: Record<string, string>): string {
  return text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    const value = values[expression];
    if (value === undefined) throw new Error(`the test gives no value for the expression ${expression}`);
    return value;
  });
}
