import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { readDeclaration, renderDeclaration } from "../../components/host/declaration";
import { ProfilingStack } from "../../components/profiling-stack";
import { validateSettings } from "../../config/validate";
import { retentionIn, renderPyroscope } from "../../render/pyroscope";
import { formatDuration, parseDuration } from "../../config/units";
import { minimal } from "./stack";

const stack = "org/soar-profiling/test";

/**
 * The outputs of an `up` with these settings.
 * @param left the inputs of the commands that it leaves out, by their names
 * @param last the outputs of the `up` before
 */
async function outputsOf(
  values: object,
  left: Record<string, Record<string, unknown>> = {},
  last: Record<string, unknown> = {},
): Promise<{ outputs: Record<string, unknown>; inputs: Record<string, Record<string, unknown>> }> {
  const result = validateSettings({ ...minimal, ...values }, new Set());
  if ("issues" in result) throw new Error(JSON.stringify(result.issues));
  const inputs: Record<string, Record<string, unknown>> = {};
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs: given }) => {
        inputs[name] = given as Record<string, unknown>;
        return { id: name, state: { ...inputs[name], ...left[name] } };
      },
      call: () => ({ outputs: last }),
    },
    "soar-profiling",
    "test",
  );
  const args = { settings: result.settings, secrets: {}, secretParts: new Set<never>(), stack };
  const made = new ProfilingStack("soar", args);
  const outputs = await new Promise<Record<string, unknown>>((resolve) => {
    pulumi.output(made.outputs()).apply((all) => {
      resolve(all);
    });
  });
  return { outputs, inputs };
}

const before = { pyroscope: { version: "1.20.0", retention: "10d" }, alloy: { version: "1.9.0-1" } };
const now = { pyroscope: { version: "1.21.1", retention: "90d" }, alloy: { version: "1.10.0-1" } };

describe("the outputs of a stack", () => {
  test("are what was declared, once it is applied", async () => {
    const { outputs, inputs } = await outputsOf(now);
    expect(outputs).toMatchObject({
      versions: { pyroscope: "1.21.1", alloy: "1.10.0-1" },
      retention: "90d",
      platform: { alloy: { version: "1.10.0-1" }, storage: { version: "1.21.1" } },
    });
    const stdin = String(inputs["soar-profiles-config-files"]?.["stdin"]);
    expect([...readDeclaration(stdin).files.keys()]).toEqual(["/etc/alloy/conf.d/test-profiles.alloy"]);
    expect(outputs["services"]).toEqual({ "soar-run": "cpu" });
    expect(Object.keys(outputs["written"] as object)).toEqual([
      "/etc/pyroscope/config.yml",
      "/etc/systemd/system/pyroscope.service.d/10-soar-profiling.conf",
      "/etc/default/alloy",
      "/etc/systemd/system/alloy.service.d/10-soar-profiling.conf",
      "/etc/alloy/conf.d/platform.alloy",
      "/etc/alloy/conf.d/destination.alloy",
      "/etc/alloy/conf.d/test-profiles.alloy",
    ]);
  });

  test("name a service without profiles, of which Alloy takes nothing", async () => {
    const web = { name: "soar-web", profiles: [], unit: "soar-web.service" };
    const { outputs, inputs } = await outputsOf({ services: [...minimal.services, web] });
    expect(outputs["services"]).toEqual({ "soar-run": "cpu", "soar-web": "no profiles" });
    const stdin = String(inputs["soar-profiles-config-files"]?.["stdin"]);
    expect(stdin).toContain("soar-run");
    expect(stdin).not.toContain("soar-web");
  });

  test("say where programs push to, which is a file of the profiles' own transaction", async () => {
    const gitRef = "v1";
    const { outputs, inputs } = await outputsOf({ push: { port: 4100 }, gitRef });
    expect(outputs["urls"]).toMatchObject({ push: "http://127.0.0.1:4100" });
    expect((outputs["urls"] as { tunnel: string }).tunnel).not.toContain("4100");
    expect(outputs["platform"]).toMatchObject({ pushPort: 4100 });
    const stdin = String(inputs["soar-profiles-config-files"]?.["stdin"]);
    const { files } = readDeclaration(stdin);
    const text = files.get("/etc/alloy/conf.d/test-push.alloy");
    expect(text).toContain('replacement   = "v1"');
    expect(text).not.toContain("soar-run");
    expect(inputs["soar-host-setup"]?.["create"]).toContain(
      " port 127.0.0.1 4100 alloy.service 'Alloy (pushed profiles)' push.port" +
        " port 127.0.0.2 4100 alloy.service 'Alloy (pushed profiles, gRPC)' push.port",
    );
    const { outputs: without } = await outputsOf({});
    expect(without["urls"]).not.toHaveProperty("push");
    expect(without["platform"]).not.toHaveProperty("pushPort");
  });

  test("are what was applied last, where an up leaves commands out", async () => {
    const last = await outputsOf(before);
    const name = "soar-platform-pyroscope-config-files";
    const left = { [name]: last.inputs[name] ?? {} };
    const { outputs } = await outputsOf(now, left, last.outputs);
    expect(outputs).toMatchObject({
      versions: { pyroscope: "1.20.0", alloy: "1.10.0-1" },
      retention: "10d",
      platform: last.outputs["platform"],
      urls: last.outputs["urls"],
      storageEstimate: last.outputs["storageEstimate"],
    });
    const digests = (of: Record<string, unknown>, path: string): string | undefined =>
      (of["written"] as Record<string, string>)[path];
    const config = "/etc/pyroscope/config.yml";
    expect(digests(outputs, config)).toBe(digests(last.outputs, config));
    const { outputs: all } = await outputsOf(now);
    expect(digests(all, config)).not.toBe(digests(outputs, config));
    expect(digests(all, "/etc/default/alloy")).toBe(digests(outputs, "/etc/default/alloy"));
  });
});

test("a declaration is read as it was written", () => {
  const content = "one\n\n  file 0644 a:b none /not/a/file\nend\n";
  const file = { mode: "0644", owner: "root:root", activation: "none", content } as const;
  const text = renderDeclaration({
    unit: "x.service",
    user: "x",
    package: { name: "x", version: "1:2-3" },
    trees: [],
    validate: [],
    health: [],
    files: [
      { ...file, path: "/etc/a" },
      { ...file, path: "/etc/b", content: "\n" },
    ],
  });
  const { version, files } = readDeclaration(text);
  expect(version).toBe("1:2-3");
  expect(Object.fromEntries(files)).toEqual({ "/etc/a": content, "/etc/b": "\n" });
});

test.each(["1.21.1", "2.0.6"])("the retention is read from the configuration of Pyroscope %s", (version) => {
  const retention = parseDuration("90d");
  const text = renderPyroscope({ version, httpPort: 1, grpcPort: 2, raftPort: 3, retention });
  expect(formatDuration(retentionIn(text) ?? parseDuration("1h"))).toBe("90d");
});
