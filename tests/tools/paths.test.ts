import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cacheDir } from "../../sandbox/paths";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "paths-test-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

describe("the cache", () => {
  const under = (own: string, xdg: string): string => {
    vi.stubEnv("SOAR_SANDBOX_CACHE", own);
    vi.stubEnv("XDG_CACHE_HOME", xdg);
    return cacheDir();
  };

  it("is where the user says", () => {
    expect(under(path.join(directory, "own"), "/xdg")).toBe(path.join(directory, "own"));
    expect(under("own", "/xdg")).toBe(path.resolve("own"));
    expect(under("", directory)).toBe(path.join(directory, "soar-profiling"));
  });

  it.each(["", "relative/caches"])("is in the home when XDG_CACHE_HOME is `%s`", (xdg) => {
    vi.stubEnv("HOME", directory);
    expect(homedir()).toBe(directory);
    expect(under("", xdg)).toBe(path.join(directory, ".cache", "soar-profiling"));
  });

  it("is named as the kernel names it, where a link leads to it", async () => {
    const disk = path.join(directory, "disk");
    await mkdir(disk);
    await symlink("disk", path.join(directory, ".cache"));
    expect(under("", path.join(directory, ".cache"))).toBe(path.join(disk, "soar-profiling"));
    await mkdir(path.join(disk, "soar-profiling"));
    expect(under("", path.join(directory, ".cache"))).toBe(path.join(disk, "soar-profiling"));
    await symlink("disk/soar-profiling", path.join(directory, "own"));
    expect(under(path.join(directory, "own"), "")).toBe(path.join(disk, "soar-profiling"));
  });
});
