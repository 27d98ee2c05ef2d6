import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LogsSettings, TracesSettings } from "../../config/settings";
import { type OtlpArgs, renderOtlp } from "../../render/alloy/otlp";
import { accepted } from "../config/sample";

const usual = { grpcPort: 4317, httpPort: 4318 };
const services = [
  { name: "soar-run", port: 1, unit: "soar-run.service", logs: "otlp" as const, telemetryName: "run" },
  { name: "soar-sitemap", port: 2, unit: "soar-sitemap.service" },
  { name: "soar-web", port: 3 },
  { name: "soar-ingest", port: 4, telemetryName: 'in"gest \\ é' },
];

function tracesTo(values: object = {}): TracesSettings {
  const { traces } = accepted({ traces: { url: "http://127.0.0.1:4320", ...values } });
  if (traces === undefined) throw new Error("expected traces");
  return traces;
}

function logsTo(values: object = {}): LogsSettings {
  const source = ["journal", "otlp"];
  const { logs } = accepted({ services, logs: { url: "http://127.0.0.1:3100", source, ...values } });
  if (logs === undefined) throw new Error("expected logs");
  return logs;
}

const spans = { services, settings: tracesTo() };
const records = { settings: logsTo(), services };
const user = `the "w"`;
const withUser: OtlpArgs = {
  environment: "a-b",
  ports: usual,
  spans: { services, settings: { ...tracesTo(), user }, passwordFile: "/p" },
  records: { services, settings: { ...logsTo({ level: "info" }), user }, passwordFile: "/q" },
};

describe("golden", () => {
  test("traces", async () => {
    const text = renderOtlp({ environment: "production", ports: usual, spans });
    await expect(text).toMatchFileSnapshot("../golden/traces.alloy");
  });

  test("traces to a tenant with a password", async () => {
    const remote = tracesTo({ url: "https://tempo.example/otlp", tenant: "soar" });
    const passwordFile = "/etc/alloy/secrets/blue-green-traces-password";
    const text = renderOtlp({
      environment: "blue-green",
      ports: { grpcPort: 4417, httpPort: 4418 },
      spans: { services: [{ name: "soar-run" }], settings: { ...remote, user }, passwordFile },
    });
    await expect(text).toMatchFileSnapshot("../golden/traces-remote.alloy");
  });

  test("logs only", async () => {
    const text = renderOtlp({ environment: "logs-only", ports: { grpcPort: 4517, httpPort: 4518 }, records });
    await expect(text).toMatchFileSnapshot("../golden/otlp-logs.alloy");
  });

  test("both, with a least level, to a tenant with a password", async () => {
    const remote = logsTo({ url: "https://loki.example", tenant: "soar", level: "warning" });
    const text = renderOtlp({
      environment: "both",
      ports: { grpcPort: 4617, httpPort: 4618 },
      spans,
      records: { services, settings: { ...remote, user }, passwordFile: "/etc/alloy/secrets/p" },
    });
    await expect(text).toMatchFileSnapshot("../golden/otlp.alloy");
  });
});

test("a user comes with a password file", () => {
  const common = { environment: "a", ports: usual };
  for (const wrong of [
    { spans: { ...spans, passwordFile: "/p" } },
    { spans: { ...spans, settings: { ...spans.settings, user } } },
    { records: { ...records, passwordFile: "/p" } },
    { records: { ...records, settings: { ...records.settings, user } } },
  ])
    expect(() => renderOtlp({ ...common, ...wrong })).toThrow("together");
});

test("both receivers are on loopback, whatever the ports", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(port, port, (grpcPort, httpPort) => {
      const text = renderOtlp({ environment: "a", ports: { grpcPort, httpPort }, spans, records });
      const receiver = text.split("otelcol.receiver.otlp")[1]?.split("\n}\n")[0] ?? "";
      expect([...receiver.matchAll(/endpoint = "(.*)"/g)].map(([, endpoint]) => endpoint)).toEqual([
        `127.0.0.1:${grpcPort}`,
        `127.0.0.1:${httpPort}`,
      ]);
    }),
  );
});

const componentsOf = (text: string): string[] =>
  [...text.matchAll(/^(\S+) "(\w+)" \{$/gm)].map(([, name, label]) => `${name}.${label}`);

test("every reference is to a component that is there", () => {
  for (const args of [
    withUser,
    { ...withUser, spans: undefined },
    { ...withUser, records: undefined },
    { environment: "a-b", ports: usual, spans, records: { ...records, services: [] } },
  ]) {
    const text = renderOtlp(args);
    const used = [...text.matchAll(/([a-z_.]+\.a_b\w*)\.(?:input|handler|content|receiver)/g)];
    expect(new Set(used.map(([, name]) => name))).toEqual(
      new Set(componentsOf(text).filter((name) => name !== "otelcol.receiver.otlp.a_b")),
    );
  }
});

test("no component of two environments has the same name", () => {
  const names = ["a", "a-b", "a-traces", "a-traces-password", "a-b-traces", "a-logs"].flatMap((environment) =>
    componentsOf(renderOtlp({ ...withUser, environment })),
  );
  expect(names).toHaveLength(78);
  expect(new Set(names).size).toBe(names.length);
});

describe("of log records", () => {
  const dropped = (values: object, list: typeof services = services): string[] => {
    const text = renderOtlp({
      environment: "a",
      ports: usual,
      records: { settings: logsTo(values), services: list },
    });
    return JSON.parse(/log_record = (.*)/.exec(text)?.[1] ?? "[]") as string[];
  };

  test.each([
    ["debug", undefined],
    ["info", 9],
    ["notice", 13],
    ["warning", 13],
    ["err", 17],
    ["crit", 21],
    ["alert", 25],
    ["emerg", 25],
  ])("from %s on, those below %s are dropped, and never one without a severity", (level, number) => {
    expect(dropped({ level }, [])).toEqual(
      number === undefined ? [] : [`severity_number > 0 and severity_number < ${number}`],
    );
  });

  test("those of a service whose lines the journal has are dropped, unless the journal is not read", () => {
    expect(dropped({})).toEqual([`resource.attributes["soar.service"] == "soar-sitemap"`]);
    expect(dropped({ source: "otlp" })).toEqual([]);
  });
});

test("the order of the services does not change the text, nor one more that is called the same everywhere", () => {
  const render = (list: typeof services): string =>
    renderOtlp({
      environment: "a",
      ports: usual,
      spans: { ...spans, services: list },
      records: { ...records, services: list },
    });
  expect(render([...services].reverse())).toBe(render(services));
  const more = [
    { name: "new", port: 5 },
    { name: "b", port: 6, telemetryName: "b" },
  ];
  expect(render([...services, ...more])).toBe(render(services));
});
