import { mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { LocalWorkspace, StackNotFoundError } from "@pulumi/pulumi/automation";
import program from "../index";
import { reportFile, summarize, type PreviewReport } from "./report";

/**
 * `pulumi preview --diff` of a stack that exists, with the settings in the working directory. The program runs in this
 * process, so the engine needs no language host; no host is reached.
 */
async function preview(stackName: string): Promise<PreviewReport> {
  const said: string[] = [];
  const listen = (text: string): void => {
    process.stdout.write(text);
    said.push(text);
  };
  try {
    const stack = await LocalWorkspace.selectStack(
      { stackName, projectName: "soar-profiling", program },
      { workDir: process.cwd() },
    );
    const { changeSummary } = await stack.preview({
      diff: true,
      color: "never",
      suppressProgress: true,
      onOutput: listen,
      onError: listen,
    });
    return { stack: stackName, failed: false, summary: summarize(changeSummary), text: said.join("") };
  } catch (error) {
    // What the engine printed is the reason; without any, it did not get that far.
    if (said.length === 0) listen(`${reasonOf(error, stackName)}\n`);
    return { stack: stackName, failed: true, summary: "failed", text: said.join("") };
  }
}

function reasonOf(error: unknown, stack: string): string {
  if (error instanceof StackNotFoundError) {
    return `There is no stack "${stack}": create it with \`pulumi stack init ${stack}\``;
  }
  return error instanceof Error ? error.message : String(error);
}

// `preview.ts STACK DIRECTORY`: writes the report into the directory, and fails when the preview does.
async function main([stack, directory]: readonly string[]): Promise<void> {
  if (stack === undefined || directory === undefined) throw new Error("usage: preview.ts STACK DIRECTORY");
  const report = await preview(stack);
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, reportFile(stack)), JSON.stringify(report));
  if (report.failed) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
