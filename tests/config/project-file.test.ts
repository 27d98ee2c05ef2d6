import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { settingsSchema } from "../../config/settings";
import { secretKeys } from "../../config/secrets";
import { settingKeys } from "../../config/validate";
import { projectFile } from "../../operations/project-file";
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
  test("has the keys, defaults and descriptions of the schema (npm run docs writes them)", () => {
    const text = readFileSync(path.join(__dirname, "../../Pulumi.yaml"), "utf8");
    expect(text).toBe(projectFile(text));
  });

  test("names the program: by itself Pulumi runs what package.json exports, which is the library", () => {
    const { main } = parse(readFileSync(path.join(__dirname, "../../Pulumi.yaml"), "utf8")) as {
      main?: string;
    };
    expect(main).toBe("index.ts");
  });

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
