import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseDocument } from "yaml";

/**
 * The settings of a stack in a file of their own, for one run that asks the host what was changed there (`detectDrift`): the
 * stack's own file stays as it is.
 * @param use gets the path of the file, which is gone afterwards
 */
export async function whileLooking<T>(stack: string, use: (file: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), "soar-look-"));
  try {
    const file = path.join(directory, `Pulumi.${stack}.yaml`);
    const settings = parseDocument(await readFile(`Pulumi.${stack}.yaml`, "utf8"));
    settings.setIn(["config", "soar-profiling:detectDrift"], true);
    await writeFile(file, settings.toString({ lineWidth: 0 }));
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
