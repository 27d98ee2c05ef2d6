import { text } from "node:stream/consumers";
import { openStack, type StackOptions } from "../sandbox/stack";

// One `up`, as a process of its own like `ansible-playbook`: the stack's options are read from standard input.
async function main(): Promise<void> {
  const stack = await openStack(JSON.parse(await text(process.stdin)) as StackOptions);
  const { summary } = await stack.up({ suppressProgress: true, suppressOutputs: true });
  process.stdout.write(JSON.stringify(summary.resourceChanges ?? {}));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
