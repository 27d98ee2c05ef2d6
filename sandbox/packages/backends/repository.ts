import { mkdir } from "node:fs/promises";
import * as path from "node:path";

import { run, step } from "../../log";
import { cacheDir, publish } from "../../paths";
import { type BackendName, backendNames } from "../../tools/backends";
import type { Tool } from "../../tools/toolchain";
import {
  addPackage,
  completeRepository,
  type Package,
  packagingOf,
  readRepository,
  repositoryKey,
  type Repository,
} from "../repository";
import { grafanaLayout } from "./grafana";
import { lokiLayout } from "./loki";
import { tempoLayout } from "./tempo";

/** The servers that the stack finds on a host: where logs and traces go, and what shows them. */
export type BackendTools = Partial<Record<BackendName, Tool>>;

const layouts: Record<BackendName, (tool: Tool) => Package["layout"]> = {
  loki: (tool) => lokiLayout(tool.path, packagingOf(tool)),
  tempo: (tool) => tempoLayout(tool.path, packagingOf(tool)),
  grafana: (tool) => grafanaLayout(path.dirname(path.dirname(tool.path))),
};

/**
 * A repository with the packages of `base` and one revision of each of these, signed with a key of its own. Made once, in
 * some ten seconds, and kept in the cache.
 */
export async function ensureBackendsRepository(base: Repository, tools: BackendTools): Promise<Repository> {
  const packages = backendNames.flatMap((name) => {
    const tool = tools[name];
    return tool === undefined ? [] : [{ layout: layouts[name](tool), versions: [`${tool.version}-1`] }];
  });
  const names = Object.keys(tools).join(", ");
  const key = await repositoryKey(packages, base.fingerprint);
  const home = await publish(path.join(cacheDir(), "packages", key), (temporary) =>
    step(`build the packages of ${names}, and a repository with all`, async () => {
      const pool = path.join(temporary, "apt", "pool");
      await mkdir(path.dirname(pool), { recursive: true });
      await run("cp", ["-a", "-l", path.join(base.directory, "pool"), pool]);
      for (const { layout, versions } of packages) await addPackage(temporary, layout, versions);
      await completeRepository(temporary, base.versions);
    }),
  );
  return readRepository(home);
}
