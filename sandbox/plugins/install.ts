import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { homedir } from "node:os";
import * as path from "node:path";
import { build } from "esbuild";
import { run, step, UserError } from "../log";
import { cacheDir, contentKey, projectRoot, publish } from "../paths";
import type { Tool } from "../tools/toolchain";

/** A plugin that the project's packages ask for: the version is that of the npm package. */
interface Plugin {
  name: string;
  version: string;
  /** Where it is released, if that is not Pulumi's own place. */
  server?: string;
}

export const plugins: readonly Plugin[] = [
  { name: "command", version: "1.2.1" },
  { name: "random", version: "4.21.2" },
  { name: "grafana", version: "2.40.0", server: "github://api.github.com/pulumiverse" },
];

export interface PulumiHome {
  /** For `PULUMI_HOME`. */
  home: string;
  plugins: "official" | "stand-in";
}

/** What the engine needs besides a backend, so that it uses this home and waits for no host that it cannot reach. */
export function engineEnvironment(home: string): Record<string, string> {
  return {
    PULUMI_HOME: home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  };
}

/**
 * A PULUMI_HOME with the plugins in it, made once: the official plugins that the user has installed, else downloaded
 * ones (by `pulumi`, if given), else stand-ins. `PLUGINS=official` and `PLUGINS=stand-in` allow only these.
 */
export async function ensurePulumiHome(pulumi?: Tool): Promise<PulumiHome> {
  const made = await pulumiHome(pulumi);
  await withoutLogs(made.home);
  return made;
}

async function pulumiHome(pulumi?: Tool): Promise<PulumiHome> {
  const wanted = process.env["PLUGINS"] ?? "";
  if (!["", "official", "stand-in"].includes(wanted)) {
    throw new UserError(`PLUGINS is "${wanted}"`, "set it to official or stand-in, or leave it out");
  }
  const standIns = await standInHome();
  if (wanted !== "stand-in") {
    const official = await officialHome(pulumi, wanted === "" && existsSync(standIns));
    if (official !== undefined) return official;
  }
  if (wanted === "official") {
    throw new UserError(
      "The official Pulumi plugins are neither installed nor can they be downloaded",
      "run `pulumi plugin install` where there is a network, or leave out PLUGINS=official",
    );
  }
  return tell({ home: await ensureStandIns(), plugins: "stand-in" }, "the sandbox's own stand-ins");
}

/** A PULUMI_HOME with the stand-ins, whatever else there is. */
export async function ensureStandIns(): Promise<string> {
  return publish(await standInHome(), (home) =>
    step("Build the stand-ins of the Pulumi plugins", () => buildStandIns(home)),
  );
}

async function standInHome(): Promise<string> {
  return path.join(cacheDir(), "pulumi-home", `stand-in-${await standInKey()}`);
}

function tell(result: PulumiHome, what: string): PulumiHome {
  process.stderr.write(`    Pulumi plugins: ${what} (${result.home})\n`);
  return result;
}

/**
 * Pulumi writes a compressed log of each command into its home, which is a quarter of its time in a small stack, and more than half of it
 * in a large one (3.259). No setting turns that off; where its folder cannot be made, it goes on without.
 */
async function withoutLogs(home: string): Promise<void> {
  const logs = path.join(home, "logs");
  if ((await stat(logs).catch(() => undefined))?.isFile() === true) return;
  await rm(logs, { recursive: true, force: true });
  // An engine that has just begun may have made it anew: then it is the next who does it.
  await writeFile(logs, "").catch(() => undefined);
}

function directoryOf({ name, version }: Plugin): string {
  return path.join("plugins", `resource-${name}-v${version}`);
}

async function officialHome(
  pulumi: Tool | undefined,
  onlyInstalled: boolean,
): Promise<PulumiHome | undefined> {
  const key = contentKey([JSON.stringify(plugins)]);
  const home = path.join(cacheDir(), "pulumi-home", `official-${key}`);
  const result: PulumiHome = { home, plugins: "official" };
  if (existsSync(home)) return tell(result, "the official ones");

  const users = process.env["PULUMI_HOME"] ?? path.join(homedir(), ".pulumi");
  const installed = (plugin: Plugin): boolean =>
    existsSync(path.join(users, directoryOf(plugin), `pulumi-resource-${plugin.name}`));
  if (plugins.every(installed)) {
    await publish(home, async (temporary) => {
      for (const plugin of plugins) {
        await cp(path.join(users, directoryOf(plugin)), path.join(temporary, directoryOf(plugin)), {
          recursive: true,
        });
      }
    });
    return tell(result, "the official ones, copied from those installed");
  }

  if (pulumi === undefined || onlyInstalled || !(await canReachReleases())) return undefined;
  try {
    await publish(home, (temporary) =>
      step("Download the official Pulumi plugins", () => download(pulumi, temporary)),
    );
    return tell(result, "the official ones, downloaded");
  } catch (error) {
    process.stderr.write(`    ${(error as Error).message}\n`);
    return undefined;
  }
}

/** Whether the place of Pulumi's releases answers within two seconds. */
function canReachReleases(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "get.pulumi.com", port: 443 });
    const answer = (reached: boolean): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(reached);
    };
    // Also over the look-up of the name, which the socket's own time limit leaves out.
    const limit = setTimeout(() => {
      answer(false);
    }, 2000);
    socket
      .once("connect", () => {
        answer(true);
      })
      .once("error", () => {
        answer(false);
      });
  });
}

async function download(pulumi: Tool, home: string): Promise<void> {
  for (const { name, version, server } of plugins) {
    const from = server === undefined ? [] : ["--server", server];
    await run(pulumi.path, ["plugin", "install", "resource", name, version, ...from], {
      env: { ...engineEnvironment(home), PULUMI_BACKEND_URL: `file://${home}` },
      timeout: 300_000,
    });
  }
}

/** Over all that goes into the stand-ins: their sources and the versions of the packages. */
async function standInKey(): Promise<string> {
  const sources = (await readdir(__dirname, { recursive: true }))
    .filter((file) => file.endsWith(".ts"))
    .sort();
  const files = [
    ...sources.map((file) => path.join(__dirname, file)),
    path.join(projectRoot, "package-lock.json"),
  ];
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return contentKey(contents);
}

async function buildStandIns(home: string): Promise<void> {
  for (const plugin of plugins) {
    const directory = path.join(home, directoryOf(plugin));
    await mkdir(directory, { recursive: true });
    await build({
      entryPoints: [path.join(__dirname, plugin.name, "main.ts")],
      outfile: path.join(directory, "provider.js"),
      bundle: true,
      platform: "node",
      target: "node20",
      // ssh2's optional native parts; it does without them.
      external: ["*.node", "cpu-features"],
      logLevel: "warning",
    });
    // The Node that made it, while that is still there.
    const start = `#!/bin/sh
node='${process.execPath}'
[ -x "$node" ] || node=node
exec "$node" "\${0%/*}/provider.js" "$@"
`;
    await writeFile(path.join(directory, `pulumi-resource-${plugin.name}`), start, { mode: 0o755 });
  }
}
