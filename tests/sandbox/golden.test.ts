import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profileLabel } from "../../render/alloy/label";
import { holds } from "../../config/versions";
import { renderProfiles } from "../../render/alloy/profiles";
import { run, type RunResult } from "../../sandbox/log";
import { ensureAlloy, ensurePyroscope } from "../../sandbox/tools/toolchain";
import { accepted } from "../config/sample";
import { freePort } from "../../sandbox/free-port";

const golden = path.join(__dirname, "../golden");
let alloy: string;
let pyroscope: string;
let directory: string;

beforeAll(async () => {
  alloy = (await ensureAlloy()).path;
  pyroscope = (await ensurePyroscope()).path;
  directory = await mkdtemp(path.join(tmpdir(), "soar-golden-"));
}, 3_600_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

/** The outcome of a check, with everything that the program said. */
async function check(program: string, args: string[]): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr }: RunResult = await run(program, args, {
    allowFailure: true,
    cwd: directory,
  });
  return { code, said: stdout + stderr };
}

describe("Alloy accepts", () => {
  test("the form of every golden file", async () => {
    const files = (await readdir(golden)).filter((file) => file.endsWith(".alloy"));
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      expect(await check(alloy, ["fmt", "-t", path.join(golden, file)])).toEqual({ code: 0, said: "" });
    }
  });

  test.each([
    ["platform", "destination", "profiles", "push"],
    ["platform-metrics", "destination-remote", "profiles-password", "push-password"],
    ["platform", "destination-site", "profiles-site"],
  ])("%s, %s, %s and %s with all else beside them, as one directory", async (...own) => {
    const tree = await mkdtemp(path.join(directory, "conf.d-"));
    const others = ["profiles-none", "logs", "logs-remote", "traces", "traces-remote", "otlp-logs", "otlp"];
    for (const file of [...own, ...others].map((name) => `${name}.alloy`))
      await cp(path.join(golden, file), path.join(tree, file));
    expect(await check(alloy, ["validate", tree])).toMatchObject({ code: 0 });
  });
});

test("the flags of /etc/default/alloy are those that the installed Alloy knows", async () => {
  const version = /v(\d+\.\d+\.\d+)/.exec((await check(alloy, ["--version"])).said)?.[1] ?? "";
  const steps = { "alloy-defaults.env": false, "alloy-defaults-1.12.env": true };
  for (const [file, isFrom112] of Object.entries(steps)) {
    const text = await readFile(path.join(golden, file), "utf8");
    const flags = /^CUSTOM_ARGS="(.*)"$/m.exec(text)?.[1]?.split(" ") ?? [];
    expect(flags.length).toBeGreaterThan(1);
    const { code, said } = await check(alloy, ["run", ...flags, "--help"]);
    const isKnown = !isFrom112 || holds("shutdownDeadline", version);
    expect(code, said).toBe(isKnown ? 0 : 1);
  }
});

/** Every character but NUL, as texts that fit into labels of several services. */
function allCharacters(): string[] {
  const points = [...Array(0x1_0000).keys(), 0x1_f6e9, 0x10_ffff].filter(
    (point) => point > 0 && (point < 0xd800 || point > 0xdfff),
  );
  const texts: string[] = [];
  for (let i = 0; i < points.length; i += 600) texts.push(String.fromCodePoint(...points.slice(i, i + 600)));
  return texts;
}

test("every character in a label reaches a running Alloy as it was meant", async () => {
  const texts = allCharacters();
  const list = Array.from({ length: Math.ceil(texts.length / 20) }, (_, i) => ({
    name: `service-${i}`,
    port: 20_000 + i,
    interval: "1h",
    labels: Object.fromEntries(texts.slice(i * 20, i * 20 + 20).map((text, k) => [`label_${k}`, text])),
  }));
  const services = accepted({ services: list }).services;
  const tree = await mkdtemp(path.join(directory, "conf.d-"));
  await writeFile(
    path.join(tree, "profiles.alloy"),
    renderProfiles({ environment: "test", services, authenticates: false }),
  );
  for (const file of ["platform.alloy", "destination.alloy"])
    await cp(path.join(golden, file), path.join(tree, file));
  expect(await check(alloy, ["fmt", "-t", path.join(tree, "profiles.alloy")])).toEqual({ code: 0, said: "" });

  const components = services.map(({ name }) => `pyroscope.scrape.${profileLabel("test", "cpu", name)}`);
  expect(await targetsInRunningAlloy(tree, components)).toEqual(
    services.map(({ name, port, labels }) => ({
      __address__: `127.0.0.1:${port}`,
      service_name: name,
      environment: "test",
      job: name,
      ...labels,
    })),
  );
});

/** A part of a component's arguments, as Alloy's HTTP API tells it. */
interface Told {
  name?: string;
  key?: string;
  value?: Told | Told[] | string;
}

/** Runs Alloy and asks it what it understood. */
async function targetsInRunningAlloy(tree: string, components: string[]): Promise<Record<string, string>[]> {
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    "run",
    `--server.http.listen-addr=${address}`,
    "--disable-reporting",
    `--storage.path=${tree}.data`,
    tree,
  ];
  const child = spawn(alloy, args, { stdio: "ignore", cwd: directory });
  const ended = once(child, "exit");
  try {
    await expect
      .poll(() => answers(`http://${address}/-/ready`), { timeout: 60_000, interval: 100 })
      .toBe(true);
    const all = components.map(async (component) => {
      const response = await fetch(`http://${address}/api/v0/web/components/${component}`);
      const { arguments: told } = (await response.json()) as { arguments: Told[] };
      return elements(told.find(({ name }) => name === "targets")).map((target) =>
        Object.fromEntries(elements(target).map(({ key = "", value }) => [key, content(value)])),
      );
    });
    return (await Promise.all(all)).flat();
  } finally {
    child.kill();
    await ended;
  }
}

function elements(told: Told | undefined): Told[] {
  const value = told?.value;
  if (Array.isArray(value)) return value;
  return typeof value === "object" ? elements(value) : [];
}

function content(told: Told["value"]): string {
  if (typeof told === "object" && "value" in told && typeof told.value === "string") return told.value;
  throw new Error(`expected a string, not ${JSON.stringify(told)}`);
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe("the installed Pyroscope accepts", () => {
  test("pyroscope-1.yml", async () => {
    const args = ["-config.file", path.join(golden, "pyroscope-1.yml"), "-modules"];
    expect(await check(pyroscope, args)).toMatchObject({ code: 0 });
  });
});

describe("a test of the test: refused are", () => {
  test("the seed's Pyroscope configuration, with its line", async () => {
    const file = path.join(directory, "seed.yml");
    await writeFile(
      file,
      `server:
  http_listen_address: "127.0.0.1"
  http_listen_port: 4040

storage:
  backend: "filesystem"
  filesystem:
    path: "/var/lib/pyroscope"

retention:
  profiles: 720h  # 30 days
`,
    );
    const { code, said } = await check(pyroscope, ["-config.file", file, "-modules"]);
    expect(code).toBe(1);
    expect(said).toContain("line 8: field path not found in type filesystem.Config");
    expect(said).toContain("line 10: field retention not found");
  });

  test("an Alloy file that is not in canonical form", async () => {
    const file = path.join(directory, "loose.alloy");
    await writeFile(file, 'logging {\n  level = "info"\n}\n');
    expect((await check(alloy, ["fmt", "-t", file])).code).toBe(1);
  });

  test("an Alloy file with an unknown attribute, with its line", async () => {
    const file = path.join(directory, "unknown.alloy");
    await writeFile(file, 'logging {\n\tlevel = "info"\n\tlevels = 1\n}\n');
    const { code, said } = await check(alloy, ["validate", file]);
    expect(code).toBe(1);
    expect(said).toContain("unknown.alloy:3");
  });
});
