import { parseArgs } from "node:util";
import { plainSettingsOfTexts } from "../config/load";
import { sudoers } from "./sudoers";
import { textsOfStack } from "./verify/target";

// `npm run sudoers -- [--stack STACK] [USER]`: the rule of sudo for a user who may deploy the stack and nothing else. The user is
// that of the settings, unless another is named.
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { stack: { type: "string" } },
  });
  const [user, ...rest] = positionals;
  if (rest.length > 0) throw new Error("usage: npm run sudoers -- [--stack STACK] [USER]");
  const { settings } = plainSettingsOfTexts(await textsOfStack(values.stack));
  process.stdout.write(sudoers({ environment: settings.environment, user: user ?? settings.host.user }));
  for (const { name, reached } of settings.hosts) {
    if (reached.restricted) continue;
    const setting = `${name === undefined ? "host" : `hosts.${name}`}.restricted`;
    console.error(
      `${setting} is not set, so this stack asks for more than the rule allows: pulumi config set --path ${setting} true, ` +
        "and an up by an administrator, before the rule takes the place of a wider one.",
    );
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
