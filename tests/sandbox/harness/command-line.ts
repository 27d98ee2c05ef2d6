import { mkdir, symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { cacheDir, projectRoot } from "../../../sandbox/paths";
import { engineEnvironment, ensurePulumiHome } from "../../../sandbox/plugins/install";
import { pulumiCommand } from "../../../sandbox/stack";
import { ensurePulumi } from "../../../sandbox/tools/toolchain";

/**
 * The environment of a user with nothing in the home but `pulumi`, with its plugins.
 * @param standIn what runs the program, as walk/pulumi.ts does, by the packages beside it
 */
export async function pulumiIn(home: string, standIn: string): Promise<Record<string, string>> {
  const pulumi = await ensurePulumi();
  const { command } = await pulumiCommand(pulumi);
  const own = path.join(home, "pulumi-home");
  const bin = path.join(home, "bin");
  for (const directory of [own, bin]) await mkdir(directory);
  await symlink(path.join((await ensurePulumiHome(pulumi)).home, "plugins"), path.join(own, "plugins"));
  const tsx = path.join(projectRoot, "node_modules/tsx/dist/loader.mjs");
  const line = `exec node --import '${tsx}' '${standIn}' "$@"`;
  await writeFile(path.join(bin, "pulumi"), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  return {
    ...engineEnvironment(own),
    HOME: home,
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    PULUMI_ROOT: path.resolve(command, "../.."),
    PULUMI_CONFIG_PASSPHRASE: "walk",
    SOAR_SANDBOX_CACHE: cacheDir(),
  };
}
