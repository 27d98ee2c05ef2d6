import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadSettings, type Machine } from "../../config/load";
import { least, privateKey } from "./sample";

const setDryRun = (dryRun: boolean): Promise<void> =>
  pulumi.runtime.setMocks(noMocks, "soar-profiling", "stack", dryRun);
const noMocks: pulumi.runtime.Mocks = {
  call: () => ({}),
  newResource: ({ name }) => ({ id: name, state: {} }),
};

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
  const values = { ...least, pyroscope, sshPrivateKey: privateKey, pyroscopePassword: 'p$"\\\nü' };
  const { settings, secrets } = loadSettings(configure(values, ["sshPrivateKey", "pyroscopePassword"]));
  expect(JSON.stringify(settings)).not.toContain("PRIVATE KEY");
  expect(await pulumi.isSecret(pulumi.output(secrets.pyroscopePassword))).toBe(true);
  expect(await valueOf(secrets.sshPrivateKey)).toBe(privateKey);
  expect(await valueOf(secrets.pyroscopePassword)).toBe('p$"\\\nü');
});

test("an empty text, the default of a secret in Pulumi.yaml, is none", () => {
  expect(loadSettings(configure({ ...least, sshPrivateKey: "", pyroscopePassword: "" })).secrets).toEqual({});
});

test("a secret in plain text is refused, without showing it", () => {
  const { message } = failure(configure({ ...least, sshPrivateKey: privateKey }));
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
    "- host.address: ",
    "- host.hostKey: ",
    "- services: ",
    "- purgeData: ",
  ]);
});

describe("with the stack's file", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "soar-stack-file-"));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  /** What is told of values that stand in the file as `text`, which has to be of the same content. */
  function told(text: string, secretKeys: string[] = [], machine: Partial<Machine> = {}): string[] {
    writeFileSync(path.join(directory, `Pulumi.${pulumi.getStack()}.yaml`), text);
    const { config } = parse(text.replaceAll(/\{ secure: (\S+) \}/g, "$1")) as {
      config: Record<string, unknown>;
    };
    const here = { directory, agentSocket: "/agent", gitRef: "", ...machine };
    try {
      const { warnings } = loadSettings(configure({ ...least, ...config }, secretKeys), here);
      return warnings.map((warning) => `warning ${warning}`);
    } catch (error) {
      return (error as Error).message.split("\n").slice(1);
    }
  }

  test("a number is told as it was written", () => {
    const text = `config:
  soar-profiling:services: [{ name: a, port: 9091, gitRef: 0123456, labels: { b: 1e10 }, interval: 60.0 }]
`;
    const messages = told(text);
    expect(messages).toHaveLength(3);
    expect(messages[0]).toMatch(/interval: .*, not the number 60.0: write it in quotes$/);
    expect(messages[1]).toMatch(/labels.b: .*, not the number 1e10: write it in quotes$/);
    expect(messages[2]).toMatch(/gitRef: .*, not the number 0123456: write it in quotes$/);
  });

  test.each(["1234567", "0123456", "12e3", "12.50"])("so is %s as the whole stack's gitRef", (written) => {
    expect(told(`config:\n  soar-profiling:gitRef: ${written}\n`)).toEqual([
      `- gitRef: must be a git reference, not the number ${written}: write it in quotes`,
    ]);
    const inQuotes = told(`config:\n  soar-profiling:gitRef: "${written}"\n`);
    expect(inQuotes).toEqual([expect.stringContaining("warning services: has no service")]);
  });

  test("a git reference of the command that is none is told by its variable, and one of the file then is not looked at", () => {
    expect(told("config:\n  soar-profiling:gitRef: 123\n", [], { gitRef: "v1\nv2" })).toEqual([
      '- SOAR_GIT_REF: must be a git reference, not "v1\\nv2"',
    ]);
    expect(told("config:\n  soar-profiling:gitRef: 123\n", [], { gitRef: "123" })).toHaveLength(1);
  });

  test("a git reference is no secret", () => {
    const text = "config:\n  soar-profiling:gitRef: { secure: s3ntinel }\n";
    expect(told(text, ["gitRef"])).toEqual([
      "- gitRef: cannot be kept secret, for it is part of command lines and outputs: set it without --secret",
    ]);
  });

  test("a secret is kept where it goes into files only", () => {
    const text = `config:
  soar-profiling:prometheus: { url: "http://127.0.0.1:9090" }
  soar-profiling:logs: { url: "http://127.0.0.1:3100" }
  soar-profiling:services:
    - name: a
      port: 9091
      labels: { token: { secure: s3ntinel }, "a": b }
      gitRef: { secure: s3ntinel }
      repository: { secure: s3ntinel }
      unit: { secure: s3ntinel.service }
      metrics: { path: { secure: /s3ntinel } }
  soar-profiling:alloy: { fragments: { extra: { secure: s3ntinel } } }
`;
    expect(told(text, ["services", "alloy"])).toEqual([]);
  });

  test("and refused where it does not, by its field and without its value", () => {
    const text = `config:
  soar-profiling:services:
    - { name: { secure: s3ntinel }, port: 9091, labels: { token: { secure: hidden } } }
    - { name: { secure: s3ntinel }, port: 9092, unit: { secure: hidden } }
  soar-profiling:alloy: { version: { secure: s3ntinel } }
  soar-profiling:grafana: { url: "http://a.example", alerts: { webhook: { secure: "https://h.example?s3ntinel" } } }
`;
    const cannot =
      "cannot be kept secret, for it is part of command lines and outputs: set it without --secret";
    const messages = told(text, ["services", "alloy", "grafana"]);
    expect(messages).toEqual(
      expect.arrayContaining([
        `- services[0].name: ${cannot}`,
        `- services[1].name: ${cannot}`,
        `- alloy.version: ${cannot}`,
        "- grafana.alerts.webhook: cannot be kept secret here: remove it, and set the secret alertsWebhook (pulumi config set --secret alertsWebhook)",
        '- services[1].unit: must be a systemd unit such as "soar-run.service"',
        '- services[1].name: "[secret]" is also services[0]: give each service its own name',
      ]),
    );
    expect(messages.join("\n")).not.toMatch(/s3ntinel|hidden/);
  });

  test("a list that is secret as a whole", () => {
    const text = "config:\n  soar-profiling:services: { secure: '[]' }\n";
    expect(told(text, ["services"])).toEqual([
      "- services: cannot be kept secret as a whole: set it without --secret, and only what is a secret by pulumi config set --secret --path 'services[0].labels.NAME'",
    ]);
  });

  test("neither a key nor an agent stops an up", () => {
    expect(told("config: {}\n", [], { agentSocket: "" })).toEqual([
      "- sshPrivateKey: is not set, and no SSH agent runs here (SSH_AUTH_SOCK is empty), so that nothing can log in: pulumi config set --secret sshPrivateKey < ~/.ssh/id_ed25519; or start an agent",
    ]);
  });

  test("but no preview, which does without", async () => {
    await setDryRun(true);
    try {
      const { remarks } = loadSettings(configure(least), { directory, agentSocket: "", gitRef: "" });
      expect(remarks).toEqual([
        expect.stringMatching(/^sshPrivateKey: is not set, and no SSH agent runs here/),
      ]);
    } finally {
      await setDryRun(false);
    }
  });

  test("what is right and of no use is a warning", () => {
    expect(told("config: {}\n")).toEqual([expect.stringContaining("warning services: has no service")]);
  });
});
