import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepSettings } from "../../sandbox/services/cargo";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "cargo-home-test-"));
  for (const part of [".cargo/registry", "own", "home"]) {
    await mkdir(path.join(directory, part), { recursive: true });
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

describe("another home of cargo", () => {
  it.each([
    ["~/.cargo", "", ".cargo"],
    ["CARGO_HOME", "own", "own"],
  ])("has the user's settings and logins, of %s, and nothing else", async (_, variable, users) => {
    vi.stubEnv("HOME", directory);
    vi.stubEnv("CARGO_HOME", variable === "" ? "" : path.join(directory, variable));
    for (const file of ["config.toml", "credentials.toml", "env"]) {
      await writeFile(path.join(directory, users, file), `# ${users}`);
    }
    const home = path.join(directory, "home");
    await keepSettings(home);
    expect((await readdir(home)).sort()).toEqual(["config.toml", "credentials.toml"]);
    expect(await readFile(path.join(home, "config.toml"), "utf8")).toBe(`# ${users}`);
  });

  it("is empty where the user has set nothing", async () => {
    vi.stubEnv("CARGO_HOME", path.join(directory, "none"));
    await keepSettings(path.join(directory, "home"));
    expect(await readdir(path.join(directory, "home"))).toEqual([]);
  });
});
