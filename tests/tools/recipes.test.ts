import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { applyEdits, buildArguments, goProblem } from "../../sandbox/tools/build";
import { printsVersion } from "../../sandbox/tools/installed";
import { backends, grafana, loki, tempo } from "../../sandbox/tools/backends";
import { moduleFolder, recipeKey } from "../../sandbox/tools/recipe";
import { actionlint, alloy, pulumi, pyroscope, versitygw } from "../../sandbox/tools/recipes";

describe("recipeKey", () => {
  let folder: string;
  const key = (recipe = pyroscope, arch = "amd64"): string => recipeKey(recipe, folder, arch);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "recipe-test-"));
    await writeFile(path.join(folder, "go.mod"), "module a\n");
    await writeFile(path.join(folder, "go.sum"), "a v1 h1:a\n");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is the same for the same inputs", () => {
    expect(key()).toBe(key());
    expect(key()).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each(["go.mod", "go.sum", "all.go"])("changes with %s", async (file) => {
    const before = key();
    await writeFile(path.join(folder, file), "changed\n");
    expect(key()).not.toBe(before);
  });

  it("changes with the version, the flags, the adapted source and the processor", () => {
    const { build } = alloy;
    const keys = [
      key(alloy),
      key(alloy, "arm64"),
      key({ ...alloy, version: "1.10.1" }),
      key({ ...alloy, build: { ...build, tags: "netgo" } }),
      key({ ...alloy, build: { ...build, variables: {} } }),
      key({ ...alloy, build: { ...build, adapted: { module: "m", sum: "s", edits: [] } } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("the recipes", () => {
  it("pin in go.mod the version that they name", async () => {
    const modules = {
      pulumi: `github.com/pulumi/pulumi/pkg/v3 v${pulumi.version}`,
      pyroscope: `github.com/grafana/pyroscope v${pyroscope.version}`,
      alloy: `github.com/grafana/alloy v${alloy.version}`,
      loki: `github.com/grafana/loki/v3 v${loki.version}`,
      tempo: `github.com/grafana/tempo v${tempo.version}`,
      actionlint: `github.com/rhysd/actionlint v${actionlint.version}`,
      versitygw: `github.com/versity/versitygw v${versitygw.version}`,
      // Its releases are no versions of the Go module.
      grafana: "github.com/grafana/grafana v1.9.2-0.20230609164553-81d85ce8028d",
    };
    for (const recipe of [pulumi, pyroscope, alloy, ...Object.values(backends), actionlint, versitygw]) {
      const text = await readFile(path.join(moduleFolder(recipe), "go.mod"), "utf8");
      expect(text).toContain(`\t${modules[recipe.name]}`);
      expect(text).toMatch(new RegExp(`^(tool |\t)${recipe.build.package}$`, "m"));
    }
  });

  it("give pulumi its version, or the Automation API would refuse it", () => {
    expect(buildArguments(pulumi, "/cache/bin/pulumi")).toEqual([
      "build",
      "-trimpath",
      "-buildvcs=false",
      "-gcflags=all=-dwarf=false",
      "-ldflags",
      "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
      "-o",
      "/cache/bin/pulumi",
      "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ]);
  });

  it("generate what Grafana's module leaves out, with a pinned wire", async () => {
    expect(grafana.build.generate).toEqual(expect.arrayContaining(["tool", "wire", "gen"]));
    expect(buildArguments(grafana, "out")).toContain("-s -w -X main.version=10.0.0 -checklinkname=0");
    const text = await readFile(path.join(moduleFolder(grafana), "go.mod"), "utf8");
    expect(text).toContain("\tgithub.com/google/wire v0.7.0\n");
  });

  it("build Alloy with the journal", () => {
    expect(buildArguments(alloy, "out").slice(4, 6)).toEqual(["-tags", "netgo promtail_journal_enabled"]);
    expect(alloy.build).toMatchObject({ cgo: true, debianPackages: ["gcc", "libc6-dev", "libsystemd-dev"] });
  });

  it("build every component of Alloy that the golden files have", async () => {
    const golden = path.join(__dirname, "../golden");
    const files = (await readdir(golden)).filter((file) => file.endsWith(".alloy"));
    const texts = await Promise.all(files.map((file) => readFile(path.join(golden, file), "utf8")));
    const all = await readFile(path.join(moduleFolder(alloy), "all.go"), "utf8");
    // Some of the folders are named without the underscores.
    const plain = (found: RegExpMatchArray): string => (found[1] ?? "").replaceAll("_", "");
    const used = [...texts.join("\n").matchAll(/^([a-z]+\.[a-z_.]+) "/gm)].map(plain);
    const built = [...all.matchAll(/internal\/component\/(.*)"$/gm)].map(plain);
    expect(used).toContain("pyroscope.scrape");
    expect(built).toEqual(expect.arrayContaining(used.map((name) => name.replaceAll(".", "/"))));
  });
});

describe("Tempo's adapted source", () => {
  it("registers its codec after gRPC's own", () => {
    const source = 'import (\n\t"google.golang.org/grpc/encoding"\n\t"google.golang.org/protobuf/proto"\n)\n';
    expect(applyEdits(source, tempo.build.adapted?.edits ?? [])).toBe(
      'import (\n\t"google.golang.org/grpc/encoding"\n' +
        '\t_ "google.golang.org/grpc/encoding/proto" // registered first\n\t"google.golang.org/protobuf/proto"\n)\n',
    );
  });
});

describe("applyEdits", () => {
  const edit = { file: "a.go", find: "old", replace: "new" };

  it("replaces each text", () => {
    expect(applyEdits("an old thing, here", [edit, { ...edit, find: ", here", replace: "" }])).toBe(
      "an new thing",
    );
  });

  it.each(["nothing", "old and old"])("refuses a text that is not there exactly once: %s", (text) => {
    expect(() => applyEdits(text, [edit])).toThrow("a.go does not have exactly once: old");
  });
});

describe("goProblem", () => {
  it("tells what the user can mend", () => {
    const output = "go failed with exit code 1\n\tx@v1: dial tcp: lookup proxy: no such host\n";
    expect(goProblem(output)?.what).toBe("x@v1: dial tcp: lookup proxy: no such host");
    expect(goProblem(output)?.remedy).toContain("GOPROXY");
    expect(goProblem("write a.o: no space left on device")?.remedy).toContain("SOAR_SANDBOX_CACHE");
  });

  it("leaves a compile error as it is", () => {
    expect(goProblem("main.go:3: undefined: x")).toBeUndefined();
  });
});

describe("printsVersion", () => {
  it.each([
    ["v3.259.0\n", "3.259.0", true],
    ["alloy, version v1.10.0 (branch: HEAD, revision: 1)", "1.10.0", true],
    ["pyroscope, version 1.21.1 (branch: HEAD)", "1.21.1", true],
    ["v3.259.0-alpha.1", "3.259.0", false],
    ["v3.259.01", "3.259.0", false],
    ["v13.259.0", "3.259.0", false],
    ["pyroscope, version  (branch: )", "1.21.1", false],
  ])("%j is %s: %s", (text, version, expected) => {
    expect(printsVersion(text, version)).toBe(expected);
  });
});
