import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile } from "node:fs/promises";
import { type Deployment, hasFailed, renderDeployment, summarizeUp } from "./deployment";
import { hasHosts, say } from "./engine";
import { main } from "./main";
import { withSshKey } from "./ssh-agent";

// `deploy.ts STACK`: `pulumi up` of a stack that exists, and then `npm run verify`; fails when either does. What they say is
// also the summary of the job, where GITHUB_STEP_SUMMARY is the file for it. SOAR_GIT_REF is the reference that is deployed.
main(async ([stack]) => {
  if (stack === undefined) throw new Error("usage: deploy.ts STACK");
  await withSshKey(async () => {
    const deployment = await deploy(stack);
    const file = process.env["GITHUB_STEP_SUMMARY"] ?? "";
    if (file !== "") await appendFile(file, renderDeployment(deployment));
    if (hasFailed(deployment)) process.exitCode = 1;
  });
});

async function deploy(stackName: string): Promise<Deployment> {
  const { text, result } = await say(stackName, async (stack, listening) =>
    stack.up({ ...listening, continueOnError: await hasHosts(stack) }),
  );
  const summary = result === undefined ? "failed" : summarizeUp(result.summary.resourceChanges ?? {});
  return {
    stack: stackName,
    gitRef: process.env["SOAR_GIT_REF"] ?? "",
    up: { failed: result === undefined, summary, text },
    verify: result === undefined ? undefined : await verify(stackName),
  };
}

/** A process of its own, as a person runs it; all that it says is printed. */
async function verify(stack: string): Promise<Deployment["verify"]> {
  const child = spawn(process.execPath, ["--import", "tsx", "operations/verify-stack.ts", "--stack", stack], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (words: string) => {
      process.stdout.write(words);
      text += words;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { failed: code !== 0, text };
}
