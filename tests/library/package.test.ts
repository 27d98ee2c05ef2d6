import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { run } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";
import { hostKey, minimal } from "../components/stack";
import { register } from "../components/mocks";
import { documents } from "../docs/documents";
import { packInto, type Packed } from "./pack";

const example = path.join(projectRoot, "examples/library");
const own = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8")) as {
  name: string;
  version: string;
  dependencies: Record<string, string>;
};

/** The files of a folder of the checkout, by their paths from its root. */
function filesOf(folder: string): string[] {
  return readdirSync(path.join(projectRoot, folder)).map((name) => path.join(folder, name));
}

describe("the packed library", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "packed-"));
  let packed: Packed | undefined;

  /** The packed file as npm installs it, with what it depends on from here: no registry is asked. */
  beforeAll(async () => {
    packed = await packInto(folder);
    const installed = path.join(folder, "node_modules", own.name);
    mkdirSync(installed, { recursive: true });
    await run("tar", ["-xzf", path.join(folder, packed.filename), "--strip-components=1", "-C", installed]);
    for (const name of [...Object.keys(own.dependencies), "@types/node"]) {
      const place = path.join(folder, "node_modules", name);
      mkdirSync(path.dirname(place), { recursive: true });
      symlinkSync(path.join(projectRoot, "node_modules", name), place);
    }
    cpSync(example, folder, { recursive: true });
  }, 120_000);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("has what it needs at run time, and nothing else", () => {
    const files = packed?.files.map((file) => file.path) ?? [];
    const scripts = ["components/scripts", "components/host/scripts"].flatMap(filesOf);
    expect(files.filter((file) => /^dist\/.*\/scripts\//.test(file)).sort()).toEqual(
      scripts.map((file) => `dist/${file}`).sort(),
    );
    const built = files.filter((file) => /^dist\/.*\.(js|d\.ts)$/.test(file));
    const sources = built.map((file) => file.slice("dist/".length).replace(/\.(js|d\.ts)$/, ""));
    expect(new Set(sources.map((file) => file.split("/")[0]))).toEqual(
      new Set(["library", "components", "config", "render"]),
    );
    expect(files.filter((file) => !file.startsWith("dist/")).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "docs/library.md",
      // npm packs what `main` says, which is for Pulumi in a checkout; whoever imports the package gets `exports`.
      "index.ts",
      "package.json",
    ]);
  });

  it("type-checks the example and the programs of docs/library.md, also where TypeScript reads no `exports`", async () => {
    const page = documents.find(({ file }) => file === "docs/library.md");
    const programs = page?.nodes.filter(({ type, lang }) => type === "code" && lang === "ts") ?? [];
    expect(programs.length).toBeGreaterThan(0);
    const files = programs.map(({ value = "" }, index) => {
      writeFileSync(path.join(folder, `page-${index}.ts`), value);
      return `page-${index}.ts`;
    });
    const tsc = path.join(projectRoot, "node_modules/typescript/bin/tsc");
    const check = (file: string, options: object): Promise<unknown> => {
      const read = JSON.parse(readFileSync(path.join(example, "tsconfig.json"), "utf8")) as {
        compilerOptions: object;
      };
      const all = { compilerOptions: { ...read.compilerOptions, ...options }, files: ["index.ts", ...files] };
      writeFileSync(path.join(folder, file), JSON.stringify(all));
      return run(process.execPath, [tsc, "-p", file], { cwd: folder });
    };
    // The first leaves index.js, which the next test runs. The second is how the templates of Pulumi are set.
    await check("tsconfig.modern.json", {});
    await check("tsconfig.older.json", { module: "commonjs", moduleResolution: "node10", noEmit: true });
  });

  it("refuses what does not fit its types", async () => {
    const tsc = path.join(projectRoot, "node_modules/typescript/bin/tsc");
    const text =
      'import { AptPackage } from "soar-profiling";\nnew AptPackage({ source: "debian", name: "caddy" });\n';
    writeFileSync(path.join(folder, "wrong.ts"), text);
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
    const { stdout } = await run(process.execPath, [tsc, ...options, "wrong.ts"], {
      cwd: folder,
      allowFailure: true,
    });
    expect(stdout).toContain(
      "is missing the following properties from type 'AptPackageArgs': version, dataDirectory",
    );
  });

  /** What a program of the folder declares, by the name of the command: what it calls, and its standard input. */
  const declaredBy = async (program: string, settings: Record<string, string>, last: string) => {
    const require = createRequire(path.join(folder, program));
    const registered = await register(() => {
      setAllConfig(
        Object.fromEntries(Object.entries(settings).map(([key, value]) => [`soar-profiling:${key}`, value])),
      );
      require(`./${program}`);
    }, last);
    return new Map(registered.map(({ name, inputs }) => [name, inputs]));
  };

  const login = { hostKey, sshPrivateKey: "a key" };

  it("runs the example, with the scripts that are in it", async () => {
    // It asks the host, of which nobody answers here that it knows.
    const settings = { ...login, address: "127.0.0.1", caddyVersion: "2.6.2-12" };
    const commands = await declaredBy("index.js", settings, "web-caddy-files");
    const put = "put service-config <<'end of service-config'\n#!/bin/sh\n";
    expect(commands.get("web-setup")?.["stdin"]).toContain(put);
    const declaration = commands.get("web-caddy-files")?.["stdin"];
    expect(declaration).toContain("package caddy 2.6.2-12\ninstall debian\ndata keep /var/lib/caddy\n");
    expect(declaration).toContain(readFileSync(path.join(example, "Caddyfile"), "utf8").split("\n")[0]);
  });

  it("runs the programs of docs/library.md", async () => {
    const first = await declaredBy("page-0.js", login, "tools-haproxy-files");
    const add = `/usr/local/lib/soar-profiling/tools/apt-repository add tools https://apt.example.com/key.asc`;
    expect(first.get("tools-source-source")?.["create"]).toContain(add);
    expect(first.get("tools-source-source")?.["stdin"]).toContain("Signed-By: /etc/apt/keyrings/tools.asc\n");
    expect(first.get("tools-haproxy-files")?.["stdin"]).toContain(
      "package haproxy 3.0.11-1\ninstall tools\n",
    );
    // It logs in by an agent.
    vi.stubEnv("SSH_AUTH_SOCK", "/run/agent");
    const { environment, host, services } = minimal;
    const settings = { environment, host: JSON.stringify(host), services: JSON.stringify(services) };
    const second = await declaredBy("page-1.js", settings, "soar-reachable");
    expect(second.get("soar-platform-pyroscope-config-files")?.["stdin"]).toContain("package pyroscope ");
    vi.unstubAllEnvs();
  });

  it("is what examples/library asks for", () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(example, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies).toEqual({
      "@pulumi/pulumi": own.dependencies["@pulumi/pulumi"],
      [own.name]: `file:${own.name}-${own.version}.tgz`,
    });
    expect(packed).toMatchObject({ filename: `${own.name}-${own.version}.tgz`, version: own.version });
  });
});

it("is documented without a warning", { timeout: 60_000 }, async () => {
  const out = mkdtempSync(path.join(tmpdir(), "typedoc-"));
  try {
    const typedoc = path.join(projectRoot, "node_modules/typedoc/bin/typedoc");
    await run(process.execPath, [typedoc, "--treatWarningsAsErrors", "--out", out], { cwd: projectRoot });
    const pages = readdirSync(path.join(out, "classes"));
    for (const name of ["ProfilingStack", "Host", "ServiceConfig", "AptPackage", "AptRepository"]) {
      expect(pages).toContain(`${name}.html`);
    }
  } finally {
    rmSync(out, { recursive: true });
  }
});
