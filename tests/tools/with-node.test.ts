import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { run, type RunResult } from "../../sandbox/log";
import { cacheDir, projectRoot } from "../../sandbox/paths";

/** A machine whose Node is too old: it says so, and is otherwise the one that runs this test. */
const oldNode = (real: string): string => `#!/bin/sh
case $1 in
  --print) echo 20 ;;
  --version) echo v20.19.0 ;;
  *) exec ${real} "$@" ;;
esac
`;

let directory: string;
let cache: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "with-node-"));
  cache = path.join(directory, "cache");
});
afterAll(() => rm(directory, { recursive: true }));

/** Makes a directory of programs, and returns a PATH of it and of the system's. */
async function machine(programs: Record<string, string>): Promise<string> {
  const bin = await mkdtemp(path.join(directory, "bin-"));
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(path.join(bin, name), text);
    await chmod(path.join(bin, name), 0o755);
  }
  for (const name of [
    "sh",
    "dirname",
    "cut",
    "sha256sum",
    "realpath",
    "mkdir",
    "mktemp",
    "rm",
    "cp",
    "mv",
    "chmod",
  ])
    await symlink(path.join("/usr/bin", name), path.join(bin, name));
  return bin;
}

const withNode = (PATH: string, command: string[], env: Record<string, string> = {}): Promise<RunResult> =>
  run("sandbox/with-node.sh", command, {
    cwd: projectRoot,
    env: { PATH, SOAR_SANDBOX_CACHE: cache, ...env },
    allowFailure: true,
  });

describe("with-node.sh", () => {
  it("takes the machine's Node where it is new enough", async () => {
    const bin = await machine({ node: `#!/bin/sh\nexec ${process.execPath} "$@"\n` });
    const { code, stdout, stderr } = await withNode(bin, ["node", "--print", "process.execPath"]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${process.execPath}\n`, stderr: "" });
    expect(existsSync(cache)).toBe(false);
  });

  it("brings one where it is too old, once, with its npm, and leaves the machine's alone", async () => {
    const npm = path.join(path.dirname(process.execPath), "../../npm/bin/npm-cli.js");
    const real = existsSync(npm) ? npm : "/usr/bin/npm";
    const bin = await machine({
      node: oldNode(process.execPath),
      npm: `#!/bin/sh\nexec ${process.execPath} ${real} "$@"\n`,
    });
    const all = `${bin}:/usr/bin:/bin`;
    const first = await withNode(all, ["sh", "-c", "node --version; npm --version; command -v npx"]);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/^==> Node 22: this machine has v20\.19\.0; bringing one into /);
    const [made, ...others] = await readdir(path.join(cache, "node"));
    expect(others).toEqual([]);
    const binaries = path.join(cache, "node", made ?? "", "bin");
    expect(first.stdout).toMatch(/^v22\.\d+\.\d+\n10\.\d+\.\d+\n/);
    expect(first.stdout.trimEnd().split("\n")[2]).toBe(path.join(binaries, "npx"));

    const again = await withNode(bin, ["node", "--version"]); // No npm in it that could bring one again.
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout.split("\n")).toContain(again.stdout.trimEnd());
  }, 120_000);

  it.each([
    ["no Node", {}],
    ["an old Node", { node: oldNode(process.execPath) }],
  ])("names npm where there is %s and no npm, and changes nothing", async (_, programs) => {
    const empty = path.join(directory, "empty");
    const result = await withNode(await machine(programs), ["node", "--version"], {
      SOAR_SANDBOX_CACHE: empty,
    });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toMatch(
      /^There is no Node 22 here, and no npm to bring one: .*apt-get install npm\)\n$/,
    );
    expect(existsSync(empty)).toBe(false);
  });

  it("leaves nothing of an npm that fails, and says what to do", async () => {
    const bin = await machine({ node: oldNode(process.execPath), npm: "#!/bin/sh\nexit 1\n" });
    const other = path.join(directory, "failed");
    const result = await withNode(bin, ["node", "--version"], { SOAR_SANDBOX_CACHE: other });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/npm could not bring Node \(see above\): install Node 22 or later/);
    expect(await readdir(path.join(other, "node"))).toEqual([]);
  });

  it.each([
    { SOAR_SANDBOX_CACHE: "relative/cache" },
    { SOAR_SANDBOX_CACHE: "", XDG_CACHE_HOME: "/xdg", HOME: "/home/u" },
    { SOAR_SANDBOX_CACHE: "", XDG_CACHE_HOME: "relative", HOME: "/home/u" },
  ])("has the cache where the sandbox has it: %j", async (env) => {
    // Its own function, from its own text.
    const text = await readFile(path.join(projectRoot, "sandbox/with-node.sh"), "utf8");
    const own = /^cache_directory\(\) \{$[^]*?^\}$/m.exec(text)?.[0] ?? "";
    const { stdout } = await run("sh", ["-c", `${own}\ncache_directory`], { cwd: projectRoot, env });
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(stdout).toBe(`${cacheDir()}\n`);
    vi.unstubAllEnvs();
  });
});
