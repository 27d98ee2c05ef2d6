import { parseArgs } from "node:util";
import { formatReport } from "./verify/report";
import { HostSession } from "./verify/session";
import { targetOfStack } from "./verify/target";
import { verify } from "./verify/verify";

// `npm run verify -- [--stack STACK] [--json] [SERVICE...]`: whether what a stack declares arrives, and is whole.
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { stack: { type: "string" }, json: { type: "boolean" } },
  });
  const target = await targetOfStack(values.stack);
  const session = await HostSession.open(target);
  try {
    const report = await verify(session, target, positionals, console.error);
    console.log(values.json === true ? JSON.stringify(report, undefined, 2) : formatReport(report));
    if (!report.ok) process.exitCode = 1;
  } finally {
    session.end();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
