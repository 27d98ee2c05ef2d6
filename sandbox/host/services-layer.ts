import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cacheDir, contentKey, publish } from "../paths";
import { ensureServices } from "../services/build";
import { services } from "../services/list";
import { executables, renderUnits } from "../services/units";

/**
 * The services to profile, as a tree to lay over the image: their programs, and the unit of each service, enabled. A change
 * in a service so makes no new image.
 */
export async function ensureServicesLayer(areQuiet: boolean): Promise<string> {
  const programs = await ensureServices();
  const units = renderUnits(services, areQuiet);
  const key = contentKey([
    ...(await Promise.all(programs.map((program) => readFile(program)))),
    JSON.stringify(units),
  ]);
  return publish(path.join(cacheDir(), "services-layer", key), async (root) => {
    for (const program of programs)
      await place(root, path.join(executables, path.basename(program)), (file) => copyFile(program, file));
    for (const unit of units) {
      await place(root, unit.path, (file) => writeFile(file, unit.content, { mode: 0o644 }));
      await place(root, unit.enabledBy, (file) => symlink(unit.path, file));
    }
  });
}

/** Makes one file of the tree, with the directories that it needs. */
async function place(root: string, file: string, make: (target: string) => Promise<void>): Promise<void> {
  const target = path.join(root, file);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  await make(target);
}
