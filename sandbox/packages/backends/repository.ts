import { mkdir } from "node:fs/promises";
import * as path from "node:path";

import { run, step } from "../../log";
import { cacheDir, publish } from "../../paths";
import type { Tool } from "../../tools/toolchain";
import {
  addPackage,
  completeRepository,
  packagingOf,
  readRepository,
  repositoryKey,
  type Repository,
} from "../repository";
import { grafanaLayout } from "./grafana";
import { lokiLayout } from "./loki";
import { tempoLayout } from "./tempo";

/** The servers that the stack finds on a host: where logs and traces go, and what shows them. */
export interface BackendTools {
  loki: Tool;
  tempo: Tool;
  grafana: Tool;
}

/**
 * A repository with the packages of `base` and one revision of each of these, signed with a key of its own. Made once, in
 * some ten seconds, and kept in the cache.
 */
export async function ensureBackendsRepository(base: Repository, tools: BackendTools): Promise<Repository> {
  const { loki, tempo, grafana } = tools;
  const packages = [
    { layout: lokiLayout(loki.path, packagingOf(loki)), versions: [`${loki.version}-1`] },
    { layout: tempoLayout(tempo.path, packagingOf(tempo)), versions: [`${tempo.version}-1`] },
    { layout: grafanaLayout(path.dirname(path.dirname(grafana.path))), versions: [`${grafana.version}-1`] },
  ];
  const key = await repositoryKey(packages, base.fingerprint);
  const home = await publish(path.join(cacheDir(), "packages", key), (temporary) =>
    step("build the packages of Loki, Tempo and Grafana, and a repository with all", async () => {
      const pool = path.join(temporary, "apt", "pool");
      await mkdir(path.dirname(pool), { recursive: true });
      await run("cp", ["-a", "-l", path.join(base.directory, "pool"), pool]);
      for (const { layout, versions } of packages) await addPackage(temporary, layout, versions);
      await completeRepository(temporary, base.versions);
    }),
  );
  return readRepository(home);
}
