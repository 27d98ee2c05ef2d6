import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import { afterEach, expect, test } from "vitest";
import { loadSettings } from "../../config/load";
import { least } from "./sample";

/** Puts a configuration where Pulumi puts it: everything is text there, and objects are JSON. */
function configure(values: Record<string, unknown>, secretKeys: string[] = []): pulumi.Config {
  const project = "soar-profiling";
  const entries = Object.entries(values).map(([key, value]) => {
    return [
      key.includes(":") ? key : `${project}:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ];
  });
  setAllConfig(
    Object.fromEntries(entries) as Record<string, string>,
    secretKeys.map((key) => `${project}:${key}`),
  );
  return new pulumi.Config(project);
}

function failure(config: pulumi.Config): Error {
  try {
    loadSettings(config);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("expected the configuration to be refused");
}

function valueOf(output: pulumi.Output<string> | undefined): Promise<string | undefined> {
  return new Promise((resolve) => pulumi.output(output).apply(resolve));
}

afterEach(() => {
  setAllConfig({});
});

test("values are read from text and from JSON, and other projects' keys are not ours", () => {
  const { settings } = loadSettings(
    configure({
      ...least,
      platform: { stack: "a/b/c" },
      purgeData: "true",
      allowDowngrade: false,
      "aws:region": "x",
    }),
  );
  expect(settings).toMatchObject({
    environment: "production",
    host: { address: "soar.example", port: 22 },
    platform: { kind: "stack", stack: "a/b/c" },
    purgeData: true,
    allowDowngrade: false,
  });
});

test("secrets are secret outputs and no settings", async () => {
  const pyroscope = { remote: { url: "http://x", user: "u" } };
  const values = { ...least, pyroscope, sshPrivateKey: "KEY", pyroscopePassword: 'p$"\\\nü' };
  const { settings, secrets } = loadSettings(configure(values, ["sshPrivateKey", "pyroscopePassword"]));
  expect(JSON.stringify(settings)).not.toContain("KEY");
  expect(await pulumi.isSecret(pulumi.output(secrets.pyroscopePassword))).toBe(true);
  expect(await valueOf(secrets.sshPrivateKey)).toBe("KEY");
  expect(await valueOf(secrets.pyroscopePassword)).toBe('p$"\\\nü');
});

test("an empty text, the default of a secret in Pulumi.yaml, is none", () => {
  expect(loadSettings(configure({ ...least, sshPrivateKey: "", pyroscopePassword: "" })).secrets).toEqual({});
});

test("a secret in plain text is refused, without showing it", () => {
  const { message } = failure(configure({ ...least, sshPrivateKey: "KEY" }));
  expect(message).toBe(
    "Invalid configuration:\n- sshPrivateKey: is stored in plain text: pulumi config set --secret sshPrivateKey",
  );
});

test("a setting with a secret part is read, and named", () => {
  const { settings, secretParts } = loadSettings(
    configure({ ...least, services: [{ name: "a", port: 9091, labels: { token: "x" } }] }, ["services"]),
  );
  expect(settings.services[0]?.labels).toEqual({ token: "x" });
  expect([...secretParts]).toEqual(["services"]);
});

test("a secret is refused where it would be part of a command line", () => {
  const host = { ...(least.host as object), address: "s3ntinel.example" };
  expect(failure(configure({ ...least, host }, ["host"])).message).toBe(
    "Invalid configuration:\n- host: cannot be kept secret, for it is part of command lines and outputs: set it without --secret",
  );
});

test("no issue quotes a setting that has a secret part", () => {
  const services = [{ name: "a", port: 9091, repository: "s3ntinel\nline", unit: "s3ntinel" }];
  const ofServices = failure(configure({ ...least, services }, ["services"]));
  expect(ofServices.message).not.toContain("s3ntinel");
  expect(ofServices.message.split("\n").slice(1)).toEqual([
    "- services[0].repository: must be the address of the source code",
    '- services[0].unit: must be a systemd unit such as "soar-run.service"',
  ]);
  const notJson = failure(configure({ ...least, services: '[{"labels": "s3ntinel"' }, ["services"]));
  expect(notJson.message).not.toContain("s3ntinel");
  expect(notJson.message).toContain("services: must be a list of services");
});

test("all issues are one error, which Pulumi prints without a stack and has none to inspect", () => {
  const error = failure(configure({ enviroment: "x", host: {}, services: "[", purgeData: "1" }));
  expect(error).toBeInstanceOf(pulumi.RunError);
  expect(error.stack).toBe("");
  const lines = error.message.split("\n");
  expect(lines[0]).toBe("Invalid configuration:");
  expect(lines.slice(1).map((line) => /^- [\w.]+: /.exec(line)?.[0])).toEqual([
    "- enviroment: ",
    "- environment: ",
    "- host.address: ",
    "- host.hostKey: ",
    "- services: ",
    "- purgeData: ",
  ]);
});
