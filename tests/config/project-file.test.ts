import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { settingsSchema } from "../../config/settings";
import { formatDuration, formatSize, type Duration, type Size } from "../../config/units";
import { secretKeys, settingKeys } from "../../config/validate";
import { accepted, least } from "./sample";

interface Declaration {
  description?: string;
  default?: unknown;
}

function read(file: string): { config: Record<string, unknown> } {
  return parse(readFileSync(path.join(__dirname, "../..", file), "utf8")) as {
    config: Record<string, unknown>;
  };
}

const declared = read("Pulumi.yaml").config as Record<string, Declaration>;

describe("Pulumi.yaml", () => {
  test("declares the keys that the program reads, in the same order", () => {
    expect(Object.keys(declared)).toEqual([...settingKeys, ...secretKeys]);
  });

  test.each(Object.keys(declared))(
    "%s has a description, a default and nothing that Pulumi checks",
    (key) => {
      const { description, ...rest } = declared[key] ?? {};
      expect(description?.length).toBeGreaterThan(20);
      expect(Object.keys(rest)).toEqual(["default"]);
    },
  );

  test.each(settingKeys.filter((key) => !(key in least)))("%s has the default of the schema", (key) => {
    const schema = settingsSchema.shape[key];
    expect(schema.parse(declared[key]?.default)).toEqual(schema.parse(undefined));
  });

  test.each(["repository", "pyroscope", "alloy"] as const)(
    "%s describes its fields and their defaults",
    (key) => {
      const { description = "" } = declared[key] ?? {};
      for (const [field, value] of Object.entries(accepted()[key])) {
        if (field === "kind") continue;
        expect(description).toContain(field);
        if (["keyUrl", "fingerprint", "fragments"].includes(field)) continue;
        const formatted = {
          retention: () => formatDuration(value as Duration),
          diskBudget: () => formatSize(value as Size),
        };
        const text =
          field in formatted ? formatted[field as keyof typeof formatted]() : `${value as string | number}`;
        expect(description).toContain(text);
      }
    },
  );
});

test("what is off by default describes its fields and their defaults too", () => {
  const account = { tenant: "t", user: "u" };
  const all = accepted(
    {
      prometheus: { url: "http://127.0.0.1:9090" },
      logs: { url: "http://127.0.0.1:3100", ...account },
      traces: { url: "http://127.0.0.1:4320", ...account },
      grafana: {
        url: "http://127.0.0.1:3000",
        tunnel: 13_000,
        datasources: { tempo: "http://127.0.0.1:3200" },
        alerts: { emails: ["a@b.example"], webhook: "http://hook.example" },
      },
      site: { domain: "a.example" },
      services: [{ name: "a", port: 9091, unit: "a.service" }],
    },
    new Set(["logsPassword", "tracesPassword", "grafanaAuth"]),
  );
  const given = ["url", "domain", "tenant", "user", "tunnel", "datasources", "emails", "webhook"];
  for (const key of ["prometheus", "logs", "traces", "grafana", "site"] as const) {
    const { alerts, ...fields } = { alerts: undefined, ...all[key] } as Record<string, unknown>;
    for (const [field, value] of Object.entries({ ...fields, ...(alerts as object | undefined) })) {
      const text = given.includes(field) ? field : new RegExp(`\\b${field}\\b[^.;]*\\b${String(value)}\\b`);
      expect(declared[key]?.description, `${key}.${field}`).toMatch(text);
    }
  }
});

test("Pulumi.sandbox.yaml is accepted once the sandbox has set its host", () => {
  const entries = Object.entries(read("Pulumi.sandbox.yaml").config);
  const values = Object.fromEntries(
    entries.map(([key, value]) => [key.replace("soar-profiling:", ""), value]),
  );
  expect(
    accepted({ ...values, host: least.host }, new Set(["grafanaAuth"])).services.map(({ name }) => name),
  ).toEqual([
    "soar-run",
    "soar-web",
    "soar-ingest-ogn",
    "soar-ingest-adsb",
    "soar-run-staging",
    "soar-web-staging",
  ]);
});
