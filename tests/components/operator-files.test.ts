import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noOperatorFiles, type OperatorFiles } from "../../components/operator/files";
import { readOperatorFiles } from "../../components/operator/read";
import { minimal, settingsOf, stackOf } from "./stack";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "operator-files-"));
  mkdirSync(path.join(directory, "dashboards"));
  mkdirSync(path.join(directory, "rules"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const url = "https://grafana.example";
const grafana = { url, dashboards: "./dashboards", rules: "./rules" };
const stack = {
  ...minimal,
  environment: "production",
  prometheus: { url: "http://127.0.0.1:9090" },
  grafana,
};
const grafanaAuth = pulumi.secret("admin:s3ntinel");

const write = (files: Record<string, unknown>): void => {
  for (const [name, value] of Object.entries(files))
    writeFileSync(path.join(directory, name), typeof value === "string" ? value : JSON.stringify(value));
};
const read = (values: object = {}, promtool = "/no/promtool"): OperatorFiles =>
  readOperatorFiles(settingsOf({ ...stack, ...values }, ["grafanaAuth"]), directory, promtool);

const source = { type: "prometheus", uid: "${DS_PROMETHEUS}" };
const web = {
  __inputs: [{ name: "DS_PROMETHEUS", type: "datasource", pluginId: "prometheus" }],
  id: 3,
  uid: "web",
  title: "Web",
  panels: [{ title: "Requests", datasource: source, targets: [{ expr: "up", datasource: source }] }],
};
const rules = "groups:\n  - name: ogn\n    rules:\n      - alert: Silent\n        expr: up == 0\n";
const exported = {
  apiVersion: 1,
  groups: [
    {
      name: "NATS",
      folder: "Old",
      interval: "1m",
      rules: [
        {
          uid: "n1",
          title: "Errors",
          condition: "A",
          data: [
            {
              refId: "A",
              datasourceUid: "",
              model: { refId: "A", expr: "x", datasource: { type: "prometheus" } },
            },
          ],
        },
      ],
    },
  ],
};

describe("the files of an operator", () => {
  test("are none without the settings, and without Grafana", () => {
    expect(read({ grafana: { url } })).toEqual(noOperatorFiles);
    expect(readOperatorFiles(settingsOf({ ...stack, grafana: {} }), directory)).toEqual(noOperatorFiles);
  });

  test("are those with their endings, in the order of their names", () => {
    write({ "dashboards/web.json": web, "dashboards/api.json": { uid: "api", title: "API" } });
    write({ "dashboards/README.md": "no dashboard", "dashboards/.hidden.json": "" });
    mkdirSync(path.join(directory, "dashboards/old.json"));
    write({ "rules/ogn.yml": rules, "rules/nats.json": exported });
    const { dashboards, groups, prometheusRules } = read();
    expect(dashboards.map(({ file, value }) => [file, value.uid])).toEqual([
      ["dashboards/api.json", "api"],
      ["dashboards/web.json", "web"],
    ]);
    expect(groups.map(({ file, value }) => [file, value.name])).toEqual([["rules/nats.json", "NATS"]]);
    expect(prometheusRules.map(({ name }) => name)).toEqual(["ogn"]);
  });

  test("are refused with all that is wrong with any of them", () => {
    write({
      "dashboards/a.json": "{",
      "dashboards/b.json": { title: "Web" },
      "dashboards/c.json": { uid: "web", title: "Web" },
      "dashboards/d.json": { uid: "web", title: "web" },
      "dashboards/e.json": { uid: "production-profiles", title: "Profiling pipeline (production)" },
      "dashboards/f.json": {
        uid: "f",
        title: "F",
        templating: { list: [{ type: "datasource", name: "ds", query: "postgres" }] },
      },
      "rules/a b.yml": rules,
      "rules/nats.json": {
        ...exported,
        groups: [...exported.groups, { ...exported.groups[0], name: "Profiling pipeline" }],
      },
      "rules/ogn.yml": "groups: [{name: ogn, rules: [{alert: A}]}]",
    });
    const has =
      'this stack has "production-pyroscope" (grafana-pyroscope-datasource), "production-prometheus" (prometheus)';
    const problems = [
      "dashboards/b.json: has no uid, without which each up would make another one: set uid",
      "rules/a b.yml: may have letters, digits, ., - and _ in its name: rename it",
      'rules/ogn.yml: groups[0].rules[0], in the group "ogn", has no expr: set one',
      'dashboards/d.json: has the uid "web" of dashboards/c.json: set another one',
      'dashboards/e.json: has the uid "production-profiles" of one of the stack\'s own: set another one',
      'dashboards/d.json: has the title "web" of dashboards/c.json: set another one',
      'dashboards/e.json: has the title "Profiling pipeline (production)" of one of the stack\'s own: set another one',
      'rules/nats.json: has the group "Profiling pipeline" of one of the stack\'s own: set another one',
      `dashboards/f.json: variable "ds": offers datasources of the type "postgres", and ${has}`,
    ];
    expect(() => read()).toThrow(problems.map((problem) => `\n- ${problem}`).join(""));
    expect(() => read()).toThrow(
      /^Files that cannot be used:\n- dashboards\/a\.json: is no JSON: .*\n- dashboards\/b/,
    );
  });

  test("may ask other datasources than the stack's, which only Grafana can tell of", () => {
    const panels = ["Rows", "Locks"].map((title) => ({ title, datasource: { type: "postgres", uid: "P1" } }));
    const asks = { title: "Slow", condition: "A", data: [{ refId: "A", datasourceUid: "P2" }] };
    write({ "dashboards/db.json": { uid: "db", title: "DB", panels } });
    write({ "rules/db.json": { apiVersion: 1, groups: [{ name: "DB", interval: "1m", rules: [asks] }] } });
    const has =
      'this stack has "production-pyroscope" (grafana-pyroscope-datasource), "production-prometheus" (prometheus)';
    expect(read().others).toEqual([
      {
        file: "dashboards/db.json",
        value: { uid: "P1", problem: `panel "Rows", panel "Locks": asks the datasource "P1", and ${has}` },
      },
      {
        file: "rules/db.json",
        value: { uid: "P2", problem: `rule "Slow": A asks the datasource "P2", and ${has}` },
      },
    ]);
  });

  test.each([
    [
      { grafana: { url, dashboards: "boards" } },
      "grafana.dashboards (boards): is a directory that cannot be read (ENOENT)",
    ],
    [
      { grafana: { url, dashboards: "dashboards" } },
      "grafana.dashboards (dashboards): has no *.json: leave out the setting",
    ],
    [
      { grafana: { url, rules: "rules" }, prometheus: {} },
      "rules/ogn.yaml: is a rule file of Prometheus: set prometheus.url",
    ],
  ])("say what the settings lack: %j", (values, message) => {
    write({ "rules/ogn.yaml": rules });
    expect(() => read(values)).toThrow(message);
  });

  test("are looked at by promtool, where there is one", () => {
    write({ "rules/ogn.yml": rules });
    const promtool = path.join(directory, "promtool");
    write({
      promtool:
        '#!/bin/sh\necho "Checking $3"\nprintf "  FAILED:\\n%s: 5:15: group \\"ogn\\", bad\\n" "$3" >&2\nexit 1\n',
    });
    chmodSync(promtool, 0o700);
    expect(() => read({ grafana: { url, rules: "rules" } }, promtool)).toThrow(
      'Files that cannot be used:\n- rules/ogn.yml: promtool on this machine refuses it: 5:15: group "ogn", bad',
    );
    write({ promtool: "#!/bin/sh\nexit 0\n" });
    expect(read({ grafana: { url, rules: "rules" } }, promtool).prometheusRules).toHaveLength(1);
  });
});

describe("a stack with them", () => {
  beforeEach(() => {
    write({ "dashboards/web.json": web, "rules/ogn.yml": rules, "rules/nats.json": exported });
  });

  test("puts dashboards and rules into its folder, and rule files beside its own", async () => {
    const resources = await stackOf(stack, { grafanaAuth }, {}, new Set(), read());
    const inputs = (name: string): Record<string, unknown> | undefined =>
      resources.find((resource) => resource.name === name)?.inputs;
    const bound = { type: "prometheus", uid: "production-prometheus" };
    const dashboard = inputs("soar-grafana-dashboard-web");
    expect(dashboard?.["folder"]).toBe("production-profiling");
    expect(JSON.parse(String(dashboard?.["configJson"]))).toEqual({
      uid: "web",
      title: "Web",
      panels: [{ title: "Requests", datasource: bound, targets: [{ expr: "up", datasource: bound }] }],
    });
    expect(inputs("soar-grafana-rules-NATS")).toEqual({
      name: "NATS",
      folderUid: "production-profiling",
      intervalSeconds: 60,
      rules: [
        {
          name: "Errors",
          condition: "A",
          for: "0s",
          isPaused: false,
          labels: {},
          annotations: {},
          datas: [
            {
              refId: "A",
              queryType: "",
              datasourceUid: "production-prometheus",
              relativeTimeRange: { from: 0, to: 0 },
              model:
                '{"refId":"A","expr":"x","datasource":{"type":"prometheus","uid":"production-prometheus"}}',
            },
          ],
        },
      ],
    });
    const declaration = String(inputs("soar-prometheus-config-files")?.["stdin"]).split("\n");
    expect(declaration).toContain("directory /etc/prometheus/soar-profiling-rules 0750 root:prometheus");
    expect(declaration).toContain(
      'entry /etc/prometheus/prometheus.yml rule_files "/etc/prometheus/soar-profiling-rules/*.yml"',
    );
    const file = "/etc/prometheus/soar-profiling-rules/production.ogn.yml";
    expect(declaration).toContain(`file 0640 root:prometheus reload ${file}`);
    expect(declaration.find((line) => line.startsWith("inforce "))).toContain(file);
    expect(declaration).toContain("        - alert: Silent");
    expect(inputs("soar-grafana-others")).toMatchObject({
      create: "nothing",
      delete: "what else is in the folder SOAR profiling (production) of Grafana",
      environment: {
        secret: {
          GRAFANA: url,
          FOLDER: "production-profiling",
          OWN: '["production-profiles","production-pipeline","web"]',
        },
      },
    });
  });

  test("on the platform of another, asks that one's datasources", async () => {
    const owner = "org/soar-profiling/prod";
    const platform = {
      environment: "production",
      alloy: { version: "1.10.0-1", httpPort: 12345 },
      pyroscopeUrl: "http://127.0.0.1:4040",
      authenticates: false,
      datasources: { pyroscope: "production-pyroscope", prometheus: "production-prometheus" },
    };
    const staging = { ...stack, environment: "staging", platform: { stack: owner } };
    const resources = await stackOf(
      staging,
      { grafanaAuth },
      { [owner]: { platform } },
      new Set(),
      read(staging),
    );
    const dashboard = resources.find(({ name }) => name === "soar-grafana-dashboard-web");
    expect(String(dashboard?.inputs["configJson"])).toContain('"uid":"production-prometheus"');
  });
});
