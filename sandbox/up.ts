import { startHost } from "./host/host";
import { prepareIngredients } from "./host/prepare";
import { step } from "./log";
import { ensurePulumiHome } from "./plugins/install";
import { showStatus } from "./status";
import { ensurePulumi } from "./tools/toolchain";

/** Prepares what is missing and starts the host; quick when it runs already. */
export async function up(main: { name: string; subnet: number }): Promise<void> {
  await ensurePulumiHome(await ensurePulumi());
  await prepareIngredients();
  await step(`host ${main.name}`, () => startHost(main.name, { subnet: main.subnet }));
  await showStatus();
}
