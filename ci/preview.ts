import { keepGitRef, say } from "./engine";
import { whileLooking } from "./look";
import { main } from "./main";
import { summarize, writeReport } from "./report";
import { withSshKey } from "./ssh-agent";

// `preview.ts STACK DIRECTORY`: `pulumi preview --diff` of a stack; writes the report into the directory, and fails when the
// preview does. With a key in SSH_PRIVATE_KEY it also looks at the host, as with `detectDrift`. Without one it reaches none,
// unless the stack itself says so.
main(async ([stackName, directory]) => {
  if (stackName === undefined || directory === undefined)
    throw new Error("usage: preview.ts STACK DIRECTORY");
  await withSshKey(async (isGiven) => {
    const { text, result } = await say(stackName, async (stack, listening) => {
      await keepGitRef(stack);
      const preview = (configFile?: string): ReturnType<typeof stack.preview> =>
        stack.preview({ ...listening, diff: true, ...(configFile === undefined ? {} : { configFile }) });
      return isGiven ? whileLooking(stackName, preview) : preview();
    });
    const summary = result === undefined ? "failed" : summarize(result.changeSummary);
    await writeReport(directory, {
      stack: stackName,
      failed: result === undefined,
      summary,
      text,
    });
    if (result === undefined) process.exitCode = 1;
  });
});
