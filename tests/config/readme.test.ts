import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { validateSettings } from "../../config/validate";
import { settingsPage } from "../../operations/settings-page";

const root = path.resolve(__dirname, "../..");

it("docs/settings.md is made from the schema (npm run docs writes it)", () => {
  expect(readFileSync(path.join(root, "docs/settings.md"), "utf8")).toBe(settingsPage());
});

it.each(["prod", "staging"])(
  "Pulumi.%s.yaml lacks the host's key and Grafana's login, and nothing else",
  (stack) => {
    const file = parse(readFileSync(path.join(root, `Pulumi.${stack}.yaml`), "utf8")) as {
      config: Record<string, unknown>;
    };
    const values = Object.fromEntries(
      Object.entries(file.config).map(([key, value]) => [key.replace("soar-profiling:", ""), value]),
    );
    const result = validateSettings(values, new Set());
    const paths = "issues" in result ? result.issues.map((issue) => issue.path) : [];
    expect(paths).toEqual(["host.hostKey", "grafanaAuth"]);
  },
);
