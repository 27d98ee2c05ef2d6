import { flamegraph } from "./flamegraph/command";
import { parseOptions } from "./flamegraph/options";
import { targetOfStack } from "./verify/target";

// `npm run flamegraph -- [--stack STACK] [SERVICE] [--profile cpu] [--since 15m] [--diff 1h] [--by LABEL] [--output FILE]`:
// where a service spends its time or its memory, or what changed.
async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  await flamegraph(await targetOfStack(options.stack), options);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
