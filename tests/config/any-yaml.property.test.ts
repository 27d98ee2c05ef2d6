import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import fc from "fast-check";
import { afterAll, afterEach, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { loadSettings } from "../../config/load";
import { secretKeys } from "../../config/secrets";
import { settingKeys } from "../../config/validate";
import { hostKey } from "./sample";

const project = "soar-profiling";
const directory = mkdtempSync(path.join(tmpdir(), "soar-any-yaml-"));

afterEach(() => {
  setAllConfig({});
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A right configuration with something of everything. */
const whole: Record<string, unknown> = {
  environment: "production",
  host: { address: "a.example", port: 22, user: "u", hostKey, jump: { address: "j", user: "u", hostKey } },
  platform: { stack: "a/b/c" },
  repository: { url: "http://a.example", keyUrl: "http://a.example/k", suite: "stable", fingerprint: "A" },
  pyroscope: {
    remote: { url: "http://p.example", tenant: "t", user: "u" },
    version: "2.1.0",
    retention: "1d",
  },
  alloy: { version: "1.12.0", httpPort: 1, stability: "experimental", fragments: { x: "// x" } },
  prometheus: { url: "http://127.0.0.1:9090", discovery: "file_sd" },
  logs: { url: "http://127.0.0.1:3100", level: "info", tenant: "t", user: "u" },
  traces: { url: "http://127.0.0.1:4318", grpcPort: 4317, httpPort: 4318 },
  grafana: {
    url: "http://127.0.0.1:3000",
    tunnel: 1,
    datasources: { tempo: "http://t", loki: { uid: "l" } },
    alerts: { emails: ["a@b"] },
  },
  site: { domain: "a.example", tls: "acme", allowPush: true },
  services: [
    { name: "a", port: 1, address: "127.0.0.1", profiles: ["cpu", "heap"], interval: "5s", duration: "2s" },
    {
      name: "b",
      port: 1,
      labels: { a: "b" },
      repository: "r",
      gitRef: "g",
      telemetryName: "t",
      metrics: { path: "/m", port: 2 },
    },
    { name: "b", port: 3, metrics: true, unit: "alloy.service" },
  ],
  gitRef: "v1",
  otherListeners: [{ name: "x", port: 1, address: "0.0.0.0" }],
  detectDrift: true,
};

/** Every place in a value. */
function places(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const key = (name: string): string | number => (Array.isArray(value) ? Number(name) : name);
  return [
    ...(at.length === 0 ? [] : [at]),
    ...inner.flatMap(([name, item]) => places(item, [...at, key(name)])),
  ];
}

/** A copy with other values at some places, or with none. */
function changed(changes: { at: (string | number)[]; to: unknown }[]): Record<string, unknown> {
  const copy = structuredClone(whole);
  for (const { at, to } of changes) {
    const last = at[at.length - 1] ?? "";
    let parent: unknown = copy;
    for (const key of at.slice(0, -1))
      parent = (parent as Record<string | number, unknown> | undefined)?.[key];
    if (typeof parent === "object" && parent !== null)
      (parent as Record<string | number, unknown>)[last] = to;
  }
  return copy;
}

/** What reads like a value of some setting, and may be at the wrong one. */
const likely = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    0,
    1,
    22,
    65_536,
    1.13,
    1e10,
    -1,
    1e300,
    "",
    " ",
    "own",
    "60",
    "60s",
    "20GiB",
    "1.21.1",
    "2.3.0-1",
  ],
  ...[
    "http://127.0.0.1:4318",
    "http://u:p@x",
    "127.0.0.1:1",
    "::1",
    "300.1.1.1",
    "a.service",
    "/m",
    hostKey,
    "\u0000",
  ],
  ...[
    "http://[",
    "\n",
    "~",
    "*",
    "{",
    "[]",
    "a:b",
    "é",
    "\ud800",
    "\u001b[31m",
    "x".repeat(3_000),
    [[]],
    [{}],
    {},
  ],
  ...[
    { remote: {} },
    { stack: "" },
    { a: { b: { c: [null] } } },
    JSON.parse('{"__proto__": 1, "constructor": 2}'),
  ],
);
const anything = fc.oneof(likely, fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: "binary" }));

const configuration = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(fc.record({ at: fc.constantFrom(...places(whole)), to: anything }), {
        minLength: 1,
        maxLength: 6,
      })
      .map(changed),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.oneof(fc.constantFrom(...settingKeys, ...secretKeys), fc.string()), anything),
  },
);

/** As Pulumi hands it on: text as it is, all else as JSON. */
function configure(values: Record<string, unknown>, secretParts: readonly string[]): pulumi.Config {
  const texts = Object.entries(values).map(([key, value]) => [
    `${project}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  setAllConfig(
    Object.fromEntries(texts) as Record<string, string>,
    secretParts.map((key) => `${project}:${key}`),
  );
  return new pulumi.Config(project);
}

/** All messages begin in one of our own ways. */
const ours =
  /^- [^\n]+?: (is|are|must|needs|has|cannot|belongs|line \d+ (must|names)|"|Pyroscope|Alloy|the SSH server|port|\[secret\]|\d+\w* (is not shorter|does not hold)|.+ (collides with|is also the unit of)) ?/;

test("whatever the YAML is, what is wrong is told in our words, in time, and without a stack", () => {
  fc.assert(
    fc.property(
      configuration,
      fc.subarray(["services", "alloy", "grafana", "sshPrivateKey"]),
      (any, secretParts) => {
        const text = stringify({
          config: Object.fromEntries(Object.entries(any).map(([k, v]) => [`${project}:${k}`, v])),
        });
        writeFileSync(path.join(directory, `Pulumi.${pulumi.getStack()}.yaml`), text);
        const { config } = parse(text) as { config: Record<string, unknown> };
        const values = Object.fromEntries(
          Object.entries(config).map(([key, value]) => [key.slice(project.length + 1), value]),
        );
        const loaded = configure(values, secretParts);
        const start = performance.now();
        try {
          loadSettings(loaded, { directory, agentSocket: "", gitRef: "" });
        } catch (error) {
          if (!(error instanceof pulumi.RunError)) throw error;
          expect(error.stack).toBe("");
          const [first, ...lines] = error.message.split("\n");
          expect(first).toBe("Invalid configuration:");
          for (const line of lines) expect(line).toMatch(ours);
          expect(error.message).not.toMatch(/Invalid input|\[object|, not undefined|\u001b/);
        }
        expect(performance.now() - start).toBeLessThan(1_000);
      },
    ),
    { numRuns: 300 },
  );
});

test("hundreds of wrong services with long words are told in time, the first hundred of them", () => {
  const services = Array.from({ length: 300 }, (_, i) => ({
    name: "a".repeat(500),
    port: "x".repeat(500),
    [`key${"y".repeat(500)}${i}`]: 1,
    interval: 1,
    labels: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`label-${n}`, "z".repeat(300)])),
  }));
  const loaded = configure({ services }, []);
  const start = performance.now();
  expect(() => loadSettings(loaded)).toThrow(/\n- and \d+ more$/);
  expect(performance.now() - start).toBeLessThan(3_000);
});
