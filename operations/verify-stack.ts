import { execFileSync } from "node:child_process";
import { pyroscopeAt } from "./pyroscope-api";
import { findProfiles, formatFindings, type DeclaredService } from "./verify";

// `npm run verify [-- STACK]`: what the selected stack declares, and what its Pyroscope has of it. The stack's `tunnel`
// must be open, unless Pyroscope is reachable from here.
async function main(stack: string | undefined): Promise<void> {
  const options = stack === undefined ? [] : ["--stack", stack];
  const text = execFileSync("pulumi", ["stack", "output", "--json", ...options], { encoding: "utf8" });
  const outputs = JSON.parse(text) as {
    services: DeclaredService[];
    urls: { pyroscope: string; tunnel: string };
  };
  const findings = await findProfiles(pyroscopeAt(outputs.urls.pyroscope), outputs.services).catch(
    (error: unknown) => {
      throw new Error(
        `${String(error)}\nPyroscope is not reachable from here. Is the tunnel open? ${outputs.urls.tunnel}`,
      );
    },
  );
  console.log(formatFindings(findings));
  if (findings.some(({ amount }) => amount === 0)) process.exitCode = 1;
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
