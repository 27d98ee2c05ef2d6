import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { marker, renderComment } from "./comment-body";
import { putComment } from "./pull-request";
import { reportFile, type PreviewReport } from "./report";

// `comment.ts DIRECTORY STACK...`: the reports of these stacks in the pull request's comment. PULL_REQUEST is its number,
// HEAD_COMMIT the commit that was pushed to it.
async function main([directory, ...stacks]: readonly string[]): Promise<void> {
  if (directory === undefined || stacks.length === 0) throw new Error("usage: comment.ts DIRECTORY STACK...");
  const repository = variable("GITHUB_REPOSITORY");
  const reports = new Map<string, PreviewReport | undefined>();
  for (const stack of stacks) reports.set(stack, await readReport(path.join(directory, reportFile(stack))));
  const runUrl = `${variable("GITHUB_SERVER_URL")}/${repository}/actions/runs/${variable("GITHUB_RUN_ID")}`;
  await putComment(
    {
      api: variable("GITHUB_API_URL"),
      repository,
      number: Number(variable("PULL_REQUEST")),
      token: variable("GITHUB_TOKEN"),
    },
    marker,
    renderComment(reports, { commit: variable("HEAD_COMMIT"), runUrl }),
  );
}

/** Undefined when the job that makes it did not get that far. */
async function readReport(file: string): Promise<PreviewReport | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as PreviewReport;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function variable(name: string): string {
  const value = process.env[name] ?? "";
  if (value === "") throw new Error(`the environment variable ${name} is not set`);
  return value;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
