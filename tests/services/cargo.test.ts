import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RunResult } from "../../sandbox/log";
import type { Runner } from "../../sandbox/prerequisites";
import { ensureCargo, isAtLeast } from "../../sandbox/services/cargo";

const printed = (stdout: string): RunResult => ({ code: 0, stdout, stderr: "" });

/** A machine with that cargo, or none, and that candidate of each Debian package; `installed` is what apt was asked for. */
function machine(
  cargo: string | undefined,
  candidates: Record<string, string> = {},
): { runner: Runner; installed: string[] } {
  const installed: string[] = [];
  const runner: Runner = (command, args) => {
    if (command === "cargo") {
      if (cargo === undefined)
        return Promise.reject(Object.assign(new Error("spawn cargo"), { code: "ENOENT" }));
      return Promise.resolve(printed(cargo));
    }
    const name = args[args.length - 1] ?? "";
    if (command === "apt-cache")
      return Promise.resolve(printed(`  Candidate: ${candidates[name] ?? "(none)"}\n`));
    if (command === "dpkg-query")
      return Promise.resolve(printed("gcc installed\nlibc6-dev installed\nmake installed\n"));
    if (args[0] === "install") installed.push(name);
    return Promise.resolve(printed(""));
  };
  return { runner, installed };
}

describe("cargo", () => {
  let cache = "";

  beforeEach(async () => {
    cache = await mkdtemp(path.join(tmpdir(), "soar-cargo-"));
    vi.stubEnv("SOAR_SANDBOX_CACHE", cache);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await rm(cache, { recursive: true });
  });

  test("on the PATH is used when it is new enough", async () => {
    const { runner, installed } = machine("cargo 1.95.0 (f2d3ce0bd 2026-03-21)");
    await expect(ensureCargo("1.85", runner)).resolves.toBe("cargo 1.95.0");
    expect(installed).toEqual([]);
  });

  test("on the PATH is refused when it is too old", async () => {
    const { runner } = machine("cargo 1.84.1 (66221abde 2024-11-19)");
    await expect(ensureCargo("1.85", runner)).rejects.toThrow("cargo 1.84.1 is too old");
  });

  test.each([
    ["Debian 13", { cargo: "1.85.0+dfsg3-1" }, "cargo"],
    ["Debian 12", { cargo: "0.66.0+ds1-1", "cargo-web": "1.96.0+dfsg1-1~deb12u2" }, "cargo-web"],
  ])("is installed from %s", async (_, candidates, name) => {
    const { runner, installed } = machine(undefined, candidates);
    await ensureCargo("1.85", runner);
    expect(installed).toEqual([name]);
  });

  test("that no package has is asked of the user", async () => {
    const { runner, installed } = machine(undefined, { cargo: "0.66.0+ds1-1" });
    await expect(ensureCargo("1.85", runner)).rejects.toThrow(
      "install Rust 1.85 or newer, for example with rustup",
    );
    expect(installed).toEqual([]);
  });
});

test.each([
  ["1.85.0", true],
  ["1.100.0", true],
  ["2.0", true],
  ["1.84.9", false],
  ["0.99.0+ds1-1", false],
])("version %s against 1.85: %s", (version, expected) => {
  expect(isAtLeast(version, "1.85")).toBe(expected);
});
