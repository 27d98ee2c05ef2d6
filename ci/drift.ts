import { readDrift } from "./drift-report";
import { keepGitRef, say } from "./engine";
import { whileLooking } from "./look";
import { main } from "./main";
import { writeReport } from "./report";
import { withSshKey } from "./ssh-agent";

// `drift.ts STACK DIRECTORY`: whether a stack and its host are as they were deployed, by a preview that asks the host; writes
// the report into the directory, and fails unless nothing differs. Nothing is changed, the stack's settings neither.
main(async ([stackName, directory]) => {
  if (stackName === undefined || directory === undefined) throw new Error("usage: drift.ts STACK DIRECTORY");
  await withSshKey(async () => {
    const { text, result, events } = await say(stackName, async (stack, listening) => {
      await keepGitRef(stack);
      return whileLooking(stackName, (configFile) => stack.preview({ ...listening, diff: true, configFile }));
    });
    const report = readDrift(stackName, events, result === undefined ? text : undefined);
    await writeReport(directory, report);
    console.log(`${stackName}: ${report.state}`);
    if (report.state !== "same") process.exitCode = 1;
  });
});
