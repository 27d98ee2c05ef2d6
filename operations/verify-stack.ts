import { parseArgs } from "node:util";
import { formatHostsReport, verifyHosts } from "./verify/hosts";
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
  const tell = <R extends { ok: boolean }>(report: R, format: (of: R) => string): void => {
    console.log(values.json === true ? JSON.stringify(report, undefined, 2) : format(report));
    if (!report.ok) process.exitCode = 1;
  };
  if (target.settings.hosts.some(({ name }) => name !== undefined)) {
    tell(await verifyHosts(target, positionals, console.error), formatHostsReport);
    return;
  }
  const session = await HostSession.open(target);
  try {
    tell(await verify(session, target, positionals, console.error), formatReport);
  } finally {
    session.end();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
