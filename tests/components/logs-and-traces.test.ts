import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { refuseTakenPorts } from "../../components/shared-platform";
import type { SettingKey } from "../../config/validate";
import type { Registered } from "./mocks";
import { minimal, stackOf } from "./stack";

const values = {
  ...minimal,
  services: [{ name: "soar-run", port: 9091, unit: "soar-run.service" }],
  logs: { url: "https://loki.example", tenant: "soar", user: "writer" },
  traces: { url: "https://tempo.example", user: "writer", grpcPort: 4417, httpPort: 4418 },
};
const secrets = {
  logsPassword: pulumi.secret("l0gs\n pass"),
  tracesPassword: pulumi.secret("tr4ces pass"),
};

function find(resources: readonly Registered[], name: string): Registered {
  const found = resources.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

describe("a stack with logs and traces", () => {
  test("has two transactions more, and asks for the ports", async () => {
    const resources = await stackOf(values, secrets);
    const names = resources.map(({ name }) => name);
    expect(names).toHaveLength(9);
    expect(names).toEqual(expect.arrayContaining(["soar-logs-config-files", "soar-traces-config-files"]));
    expect(names.indexOf("soar-platform-guard")).toBeGreaterThan(names.indexOf("soar-logs-config-files"));
    expect(names.indexOf("soar-platform-guard")).toBeGreaterThan(names.indexOf("soar-traces-config-files"));
    expect(find(resources, "soar-host-setup").inputs["create"]).toContain(
      " port 127.0.0.1 4417 alloy.service 'Alloy (OTLP/gRPC)' traces.grpcPort" +
        " port 127.0.0.1 4418 alloy.service 'Alloy (OTLP/HTTP)' traces.httpPort",
    );
  });

  test("keeps each password in a file of its own, in a secret", async () => {
    const resources = await stackOf(values, secrets);
    const logs = find(resources, "soar-logs-config-files");
    const traces = find(resources, "soar-traces-config-files");
    for (const [{ inputs }, kind, password] of [
      [logs, "logs", "  l0gs\n   pass\n"],
      [traces, "traces", "  tr4ces pass\n"],
    ] as const) {
      const { secret } = inputs["stdin"] as { secret: string };
      expect(secret).toContain(
        `file 0640 root:alloy reload /etc/alloy/secrets/test-${kind}-password\n${password}`,
      );
      expect(secret).toContain("\ndirectory /etc/alloy/secrets 0750 root:alloy\n");
      expect(inputs["logging"]).toBe("none");
    }
    expect(JSON.stringify(resources.filter(({ name }) => !/logs|traces/.test(name)))).not.toMatch(
      /l0gs|tr4ces/,
    );
  });

  test("without a password shows its files", async () => {
    const { logs, traces } = values;
    const open = { logs: { url: logs.url }, traces: { url: traces.url } };
    const resources = await stackOf({ ...values, ...open });
    const stdin = find(resources, "soar-logs-config-files").inputs["stdin"];
    expect(stdin).toContain("\nuser alloy\ngroup systemd-journal\n");
    expect(stdin).toContain("file 0640 root:alloy reload /etc/alloy/conf.d/test-logs.alloy\n");
    expect(stdin).not.toContain("secrets");
    expect(find(resources, "soar-traces-config-files").inputs["stdin"]).toContain(
      "/conf.d/test-traces.alloy\n",
    );
  });

  test("with a secret among the services keeps logs and jobs secret, which name them, and not the traces", async () => {
    const { logs, traces } = values;
    const open = { logs: { url: logs.url }, traces: { url: traces.url } };
    const secretParts = new Set<SettingKey>(["services"]);
    const prometheus = { url: "http://127.0.0.1:9090" };
    const resources = await stackOf({ ...values, ...open, prometheus }, {}, {}, secretParts);
    expect(find(resources, "soar-logs-config-files").inputs["stdin"]).toHaveProperty("secret");
    expect(find(resources, "soar-prometheus-config-files").inputs["stdin"]).toHaveProperty("secret");
    expect(find(resources, "soar-traces-config-files").inputs["stdin"]).toContain("unit alloy.service");
  });

  test("by OTLP has both in one transaction, with a password each", async () => {
    const { logs } = values;
    const resources = await stackOf({ ...values, logs: { ...logs, source: "otlp" } }, secrets);
    expect(resources.map(({ name }) => name)).not.toContain("soar-logs-config-files");
    const { secret } = find(resources, "soar-traces-config-files").inputs["stdin"] as { secret: string };
    expect(secret).toContain("/etc/alloy/secrets/test-traces-password\n  tr4ces pass\n");
    expect(secret).toContain("/etc/alloy/secrets/test-otlp-logs-password\n  l0gs\n   pass\n");
    expect(secret.match(/^directory \/etc\/alloy\/secrets /gm)).toHaveLength(1);
  });

  test("by OTLP without traces has the receiver, and asks for its ports", async () => {
    const logs = { url: "https://loki.example", source: ["journal", "otlp"], httpPort: 4418 };
    const resources = await stackOf({ ...values, logs, traces: undefined });
    expect(find(resources, "soar-host-setup").inputs["create"]).toContain(
      " port 127.0.0.1 4317 alloy.service 'Alloy (OTLP/gRPC)' logs.grpcPort" +
        " port 127.0.0.1 4418 alloy.service 'Alloy (OTLP/HTTP)' logs.httpPort",
    );
    const stdin = find(resources, "soar-traces-config-files").inputs["stdin"];
    expect(stdin).toContain('otelcol.receiver.otlp "test"');
    expect(stdin).not.toContain("traces = ");
    expect(find(resources, "soar-logs-config-files").inputs["stdin"]).toContain("loki.source.journal");
    // It names the services whose lines the journal has.
    const hidden = await stackOf(
      { ...values, logs, traces: undefined },
      {},
      {},
      new Set(["services"] as const),
    );
    expect(find(hidden, "soar-traces-config-files").inputs["stdin"]).toHaveProperty("secret");
  });

  test("on the platform of another asks for its own ports only", async () => {
    const platform = {
      alloy: { version: "1.10.0-2", httpPort: 12399 },
      pyroscopeUrl: "http://127.0.0.1:4040",
      authenticates: false,
      otlpPorts: { grpc: 4317, http: 4318 },
    };
    const shared = { ...values, platform: { stack: "org/soar-profiling/prod" } };
    const resources = await stackOf(shared, secrets, { "org/soar-profiling/prod": { platform } });
    expect(find(resources, "soar-host-setup").inputs["create"]).toMatch(
      / shared -- port 127\.0\.0\.1 4417 .* port 127\.0\.0\.1 4418 \S+ '\S+ \S+' traces\.httpPort endpoints /,
    );
  });
});

test("ports of the platform's owner are refused, each with what it is", () => {
  const traces = { url: "http://x", grpcPort: 4317, httpPort: 12345 };
  const taken = {
    "Alloy's HTTP server": 12345,
    "the port for OTLP/gRPC": 4317,
    "the port for OTLP/HTTP": undefined,
  };
  expect(() => {
    refuseTakenPorts({ traces }, "org/p/prod", taken);
  }).toThrow(
    new pulumi.RunError(
      "Invalid configuration:\n" +
        "- traces.grpcPort: 4317 is the port for OTLP/gRPC of the stack org/p/prod, on the same host: set another port\n" +
        "- traces.httpPort: 12345 is Alloy's HTTP server of the stack org/p/prod, on the same host: set another port",
    ),
  );
  refuseTakenPorts({ traces: { ...traces, grpcPort: 4417, httpPort: 4418 } }, "org/p/prod", taken);
  refuseTakenPorts({}, "org/p/prod", taken);
  expect(() => {
    refuseTakenPorts({ push: { port: 4317 } }, "org/p/prod", taken);
  }).toThrow(
    new pulumi.RunError(
      "Invalid configuration:\n" +
        "- push.port: 4317 is the port for OTLP/gRPC of the stack org/p/prod, on the same host: set another port",
    ),
  );
});
