import { text } from "node:stream/consumers";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { openStack, type StackOptions } from "../sandbox/stack";

// pulumi-run.ts VERB [PROGRAM]: one `up` or `preview` by the Automation API, as a process of its own like `pulumi`. The stack's
// options are read from standard input.
async function main([verb, program]: readonly string[]): Promise<void> {
  const options = JSON.parse(await text(process.stdin)) as StackOptions;
  const loaded =
    program === undefined ? {} : { program: ((await import(program)) as { default: PulumiFn }).default };
  const stack = await openStack({ ...options, ...loaded });
  const { stdout } = await (verb === "up" ? stack.up() : stack.preview());
  process.stdout.write(stdout);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
