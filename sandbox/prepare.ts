import { prepareIngredients } from "./host/prepare";
import { UserError } from "./log";
import { ensurePulumiHome } from "./plugins/install";
import { ensureActionlint, ensurePulumi } from "./tools/toolchain";

/** Makes everything that hosts and stacks are made of, so that no test waits for it. */
export async function prepareSandbox(): Promise<void> {
  await ensurePulumiHome(await ensurePulumi());
  await prepareIngredients({ backends: true });
}

/** That, and the programs that only tests need. */
async function prepareTests(): Promise<void> {
  await prepareSandbox();
  await ensureActionlint();
}

if (require.main === module) {
  prepareTests().catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  });
}
