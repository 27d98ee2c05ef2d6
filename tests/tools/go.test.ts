import { homedir } from "node:os";
import * as path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";

import { atLeast, ensureGo, goCaches, goEnvironment, type GoSource } from "../../sandbox/tools/go";

const source = (on: {
  found?: string;
  version?: string;
  candidate?: string;
}): GoSource & { installs: number } => ({
  installs: 0,
  find() {
    return Promise.resolve(this.installs > 0 ? "/usr/bin/go" : on.found);
  },
  version: () => Promise.resolve(on.version ?? ""),
  candidate: () => Promise.resolve(on.candidate),
  install() {
    this.installs += 1;
    return Promise.resolve();
  },
});

describe("ensureGo", () => {
  it("takes the Go of the machine when it can fetch a newer one", async () => {
    expect(await ensureGo(source({ found: "/opt/go/bin/go", version: "1.21.0" }))).toBe("/opt/go/bin/go");
  });

  it("installs Debian's when there is none", async () => {
    const machine = source({ candidate: "2:1.24~2" });
    expect(await ensureGo(machine)).toBe("/usr/bin/go");
    expect(machine.installs).toBe(1);
  });

  it.each([
    [{ found: "/opt/go/bin/go", version: "1.19.8" }, "/opt/go/bin/go is Go 1.19.8"],
    [{ candidate: "2:1.19~1" }, "there is no Go, and apt-get has only 1.19~1"],
    [{}, "there is no Go, and apt-get has none"],
  ])("refuses with the remedy: %j", async (on, problem) => {
    const machine = source(on);
    const remedy = "install Go 1.21 or later from go.dev/dl into /usr/local/go";
    await expect(ensureGo(machine)).rejects.toThrow(`${problem}: ${remedy}`);
    expect(machine.installs).toBe(0);
  });
});

describe("atLeast", () => {
  it.each([
    ["1.21", "1.21", true],
    ["1.26.8", "1.21", true],
    ["1.3", "1.21", false],
    ["2.0", "1.21", true],
    ["1.24~2", "1.21", true],
    ["1.20.14", "1.21", false],
    ["devel", "1.21", false],
  ])("%s >= %s: %s", (version, minimum, expected) => {
    expect(atLeast(version, minimum)).toBe(expected);
  });
});

describe("the environment of Go", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("has every folder that Go writes to among its caches", () => {
    const environment = goEnvironment(false);
    for (const name of ["GOCACHE", "GOMODCACHE", "GOPATH", "TMPDIR", "XDG_CONFIG_HOME"]) {
      expect(path.dirname(environment[name] ?? "")).toBe(goCaches());
    }
  });

  it.each([
    ["", "", path.join(homedir(), ".config/go/env")],
    ["", "/xdg", "/xdg/go/env"],
    ["/etc/go.env", "/xdg", "/etc/go.env"],
    ["off", "", "off"],
  ])("keeps the user's settings: GOENV=%s XDG_CONFIG_HOME=%s", (goenv, xdg, expected) => {
    vi.stubEnv("GOENV", goenv);
    vi.stubEnv("XDG_CONFIG_HOME", xdg);
    expect(goEnvironment(false)["GOENV"]).toBe(expected);
  });
});
