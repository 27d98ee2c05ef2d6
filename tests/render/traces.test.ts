import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TracesSettings } from "../../config/settings";
import { renderTraces } from "../../render/alloy/traces";
import type { NamedService } from "../../render/alloy/telemetry-names";
import { accepted } from "../config/sample";

function settings(values: object = {}): TracesSettings {
  const { traces } = accepted({ traces: { url: "http://127.0.0.1:4320", ...values } });
  if (traces === undefined) throw new Error("expected traces");
  return traces;
}

const services = [
  { name: "soar-web" },
  { name: "soar-run", telemetryName: "run" },
  { name: "soar-ingest", telemetryName: 'in"gest \\ é' },
];

describe("golden", () => {
  test("traces", async () => {
    const text = renderTraces({ environment: "production", services, settings: settings() });
    await expect(text).toMatchFileSnapshot("../golden/traces.alloy");
  });

  test("traces to a tenant with a password", async () => {
    const remote = settings({
      url: "https://tempo.example/otlp",
      tenant: "soar",
      grpcPort: 4417,
      httpPort: 4418,
    });
    const text = renderTraces({
      environment: "blue-green",
      services: [{ name: "soar-run" }],
      settings: { ...remote, user: `the "w"` },
      passwordFile: "/etc/alloy/secrets/blue-green-traces-password",
    });
    await expect(text).toMatchFileSnapshot("../golden/traces-remote.alloy");
  });
});

test("a user comes with a password file", () => {
  expect(() =>
    renderTraces({ environment: "a", services, settings: settings(), passwordFile: "/p" }),
  ).toThrow("together");
  expect(() => renderTraces({ environment: "a", services, settings: { ...settings(), user: "u" } })).toThrow(
    "together",
  );
});

test("both receivers are on loopback, whatever the ports", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(port, port, (grpcPort, httpPort) => {
      const text = renderTraces({
        environment: "a",
        services,
        settings: { ...settings(), grpcPort, httpPort },
      });
      const receiver = text.split("otelcol.receiver.otlp")[1]?.split("\n}\n")[0] ?? "";
      expect([...receiver.matchAll(/endpoint = "(.*)"/g)].map(([, endpoint]) => endpoint)).toEqual([
        `127.0.0.1:${grpcPort}`,
        `127.0.0.1:${httpPort}`,
      ]);
    }),
  );
});

test("every reference is to a component that is there", () => {
  for (const passwordFile of [undefined, "/p"]) {
    const user = passwordFile === undefined ? {} : { user: "u" };
    const text = renderTraces({
      environment: "a-b",
      services,
      settings: { ...settings(), ...user },
      passwordFile,
    });
    const components = [...text.matchAll(/^(\S+) "(\w+)" \{$/gm)].map(
      ([, name, label]) => `${name}.${label}`,
    );
    const used = [...text.matchAll(/([a-z_.]+\.a_b\w*)\.(?:input|handler|content)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(components.filter((name) => name !== "otelcol.receiver.otlp.a_b")));
  }
});

test("no component of two environments has the same name", () => {
  const names = ["a", "a-b", "a-traces", "a-traces-password", "a-b-traces"].flatMap((environment) => {
    const text = renderTraces({
      environment,
      services,
      settings: { ...settings(), user: "u" },
      passwordFile: "/p",
    });
    return [...text.matchAll(/^(\S+) "(\w+)" \{$/gm)].map(([, name, label]) => `${name} ${label}`);
  });
  expect(names).toHaveLength(35);
  expect(new Set(names).size).toBe(names.length);
});

test("the order of the services does not change the text, nor one more that is called the same everywhere", () => {
  const render = (list: readonly NamedService[]): string =>
    renderTraces({ environment: "a", services: list, settings: settings() });
  expect(render([...services].reverse())).toBe(render(services));
  expect(render([...services, { name: "new" }, { name: "b", telemetryName: "b" }])).toBe(render(services));
});
