import { cp, mkdir, symlink } from "node:fs/promises";
import * as path from "node:path";
import { run } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";

/** What `npm pack --json` says of a package. */
export interface Packed {
  filename: string;
  version: string;
  files: { path: string }[];
}

const left = new Set(["node_modules", ".git", "target", "test-results", "dist", "api"]);

/** Packs the library into an existing folder, from a copy of the checkout: who owns that need not own what is built. */
export async function packInto(folder: string): Promise<Packed> {
  const copy = path.join(folder, "checkout");
  await mkdir(copy);
  await cp(projectRoot, copy, { recursive: true, filter: (file) => !left.has(path.basename(file)) });
  await symlink(path.join(projectRoot, "node_modules"), path.join(copy, "node_modules"));
  const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
    cwd: copy,
  });
  const [packed] = JSON.parse(stdout) as Packed[];
  if (packed === undefined) throw new Error(`npm pack said: ${stdout}`);
  return packed;
}
