import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { UserError } from "../../sandbox/log";
import { lock } from "../../sandbox/lock";
import { loki, tempo } from "../../sandbox/tools/backends";
import type { Recipe } from "../../sandbox/tools/recipe";
import { alloy, pulumi, pyroscope } from "../../sandbox/tools/recipes";
import { dropGoCaches, ensureTool, findTool, type Ways } from "../../sandbox/tools/toolchain";

let cache: string;
let tried: string[];
let printed: string;

beforeEach(async () => {
  cache = await mkdtemp(path.join(tmpdir(), "tools-test-"));
  tried = [];
  printed = "";
  vi.stubEnv("SOAR_SANDBOX_CACHE", cache);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += String(text).replace(/\d+\.\d s/, "N s");
    return true;
  });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(cache, { recursive: true, force: true });
});

const fill = async (recipe: Recipe, directory: string): Promise<void> => {
  await mkdir(path.join(directory, "bin"));
  await writeFile(path.join(directory, "bin", recipe.name), "program");
};

/** All ways closed but the build; every call is noted. */
const ways = (open: Partial<Ways> = {}): Ways => ({
  installed: () => Promise.resolve({ refused: "not installed" }),
  release: (recipe) => {
    tried.push(`release ${recipe.name}`);
    return Promise.resolve({ refused: "official release not reachable: no such host" });
  },
  build: (recipe, directory) => {
    tried.push(`build ${recipe.name}`);
    return fill(recipe, directory);
  },
  packaging: async (recipe, directory) => {
    tried.push(`packaging ${recipe.name}`);
    await writeFile(path.join(directory, "postinstall.sh"), "");
  },
  ...open,
});

describe("the ways to a tool", () => {
  it("takes what is installed, and nothing else is tried", async () => {
    const installed = ways({ installed: () => Promise.resolve({ done: "/opt/bin/pulumi" }) });
    expect(await ensureTool(pulumi, installed)).toEqual({
      name: "pulumi",
      version: "3.259.0",
      path: "/opt/bin/pulumi",
      how: "installed",
    });
    expect(tried).toEqual([]);
    expect(printed).toBe("");
  });

  it("gets the packaging files of an installed tool, once", async () => {
    const installed = ways({ installed: () => Promise.resolve({ done: "/opt/bin/pyroscope" }) });
    const tool = await ensureTool(pyroscope, installed);
    expect(tool).toMatchObject({ path: "/opt/bin/pyroscope", how: "installed" });
    expect(await readdir(tool.packaging ?? "")).toEqual(["postinstall.sh"]);
    expect(await ensureTool(pyroscope, installed)).toEqual(tool);
    expect(tried).toEqual(["packaging pyroscope"]);
  });

  it("takes the official release before a build", async () => {
    const release = ways({
      installed: () => Promise.resolve({ refused: "/opt/bin/alloy is another version" }),
      release: async (recipe, directory) => {
        await fill(recipe, directory);
        return { done: undefined };
      },
    });
    const tool = await ensureTool(alloy, release);
    expect(tool).toMatchObject({ name: "alloy", version: "1.10.0", how: "release" });
    expect(existsSync(tool.path)).toBe(true);
    expect(path.basename(tool.packaging ?? "")).toBe("packaging");
    expect(tried).toEqual([]);
    const what = "alloy 1.10.0: /opt/bin/alloy is another version; trying the official release";
    expect(printed).toBe(`==> ${what}\n    done in N s: ${what}\n`);
  });

  it("builds last, and says why the other ways were not taken", async () => {
    const tool = await ensureTool(pulumi, ways());
    expect(tool).toMatchObject({ how: "built" });
    expect(tool.packaging).toBeUndefined();
    // The Automation API looks for bin/pulumi below a root.
    expect(tool.path).toMatch(/\/tools\/pulumi-[0-9a-f]{16}\/bin\/pulumi$/);
    expect(tried).toEqual(["release pulumi", "build pulumi"]);
    expect(printed.split("\n")).toEqual([
      "==> pulumi 3.259.0: not installed; trying the official release",
      "    done in N s: pulumi 3.259.0: not installed; trying the official release",
      "    official release not reachable: no such host",
      "==> pulumi 3.259.0: building from Go modules (about 4 minutes on two cores)",
      "    done in N s: pulumi 3.259.0: building from Go modules (about 4 minutes on two cores)",
      "",
    ]);
  });

  it("does nothing and prints nothing the second time", async () => {
    const first = await ensureTool(pulumi, ways());
    [tried, printed] = [[], ""];
    expect(await ensureTool(pulumi, ways())).toEqual(first);
    expect(tried).toEqual([]);
    expect(printed).toBe("");
  });

  it("does not go on to a build when the release is not what was published", async () => {
    const forged = ways({ release: () => Promise.reject(new UserError("the sum differs", "try again")) });
    await expect(ensureTool(pulumi, forged)).rejects.toThrow("the sum differs: try again");
    expect(tried).toEqual([]);
  });

  it("leaves nothing of a build that fails", async () => {
    const broken = ways({ build: () => Promise.reject(new Error("does not compile")) });
    await expect(ensureTool(pulumi, broken)).rejects.toThrow("does not compile");
    expect(await readdir(path.join(cache, "tools"))).toEqual([]);
  });
});

describe("a tool that need not be built", () => {
  const quick: Ways = { ...ways() };
  delete quick.build;

  it("is taken where it is installed, in the cache, or released", async () => {
    expect(
      await findTool(loki, { ...quick, installed: () => Promise.resolve({ done: "/opt/bin/loki" }) }),
    ).toMatchObject({
      how: "installed",
    });
    const released = {
      ...quick,
      release: (recipe: Recipe, directory: string) =>
        fill(recipe, directory).then(() => ({ done: undefined })),
    };
    expect(await findTool(loki, released)).toMatchObject({ how: "release" });
    await ensureTool(tempo, ways());
    expect(await findTool(tempo, quick)).toMatchObject({ how: "built" });
  });

  it("is left out otherwise, without a word of a build, and nothing is left of it", async () => {
    expect(await findTool(loki, quick)).toBeUndefined();
    expect(tried).toEqual(["release loki"]);
    expect(printed).not.toContain("building");
    expect(await readdir(path.join(cache, "tools"))).toEqual([]);
  });
});

describe("Go's caches", () => {
  it("stay from one tool to the next, and go at the end", async () => {
    await mkdir(path.join(cache, "go", "build"), { recursive: true });
    await ensureTool(pulumi, ways());
    await ensureTool(loki, ways());
    expect(existsSync(path.join(cache, "go"))).toBe(true);
    await dropGoCaches();
    await vi.waitFor(async () => {
      expect(await readdir(cache)).toEqual(["tools"]);
    });
    await dropGoCaches();
  });

  it("are left to a build that is under way", async () => {
    await mkdir(path.join(cache, "go"));
    const release = await lock(path.join(cache, "go.lock"));
    await dropGoCaches();
    expect(existsSync(path.join(cache, "go"))).toBe(true);
    await release();
  });
});
