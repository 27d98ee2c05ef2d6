import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindDashboard } from "../../render/grafana/bound-dashboard";
import { readDashboard } from "../../render/grafana/dashboard-file";
import {
  type DatasourceKind,
  datasourceKinds,
  datasourceTypes,
  datasourceUids,
} from "../../render/grafana/datasources";

const uids = datasourceUids("production", ["pyroscope", "prometheus", "loki"]);
const has =
  'this stack has "production-pyroscope" (grafana-pyroscope-datasource), "production-prometheus" (prometheus), "production-loki" (loki)';

/** A dashboard as an export has it, with what a test is about. */
function exported(more: object): string {
  return JSON.stringify({ id: 12, version: 7, uid: "web", title: "Web", schemaVersion: 39, ...more });
}

function bind(
  more: object,
  of = uids,
): Omit<ReturnType<typeof bindDashboard>, "config"> & { config: Record<string, unknown> } {
  const read = readDashboard(exported(more));
  if ("problems" in read) throw new Error(read.problems.join("\n"));
  const { config, ...told } = bindDashboard(read.dashboard, of);
  return { config: config as Record<string, unknown>, ...told };
}

describe("a file", () => {
  test.each([
    ["{", [expect.stringMatching(/^is no JSON: /)]],
    ["[]", ["is no dashboard, which is a map"]],
    ["null", ["is no dashboard, which is a map"]],
    [
      JSON.stringify({ dashboard: { title: "Web", uid: "web" }, meta: {} }),
      ["is an answer of Grafana's API: leave only what is at its key dashboard"],
    ],
    [
      JSON.stringify({ apiVersion: "dashboard.grafana.app/v2beta1", kind: "Dashboard", spec: {} }),
      ["is of the form with apiVersion and spec: export it in the classic form"],
    ],
    ["{}", ["has no title: set one", "has no uid, without which each up would make another one: set uid"]],
    [exported({ uid: "a b" }), ['has the uid "a b": it must be text of at most 40 letters, digits, - and _']],
    [
      exported({ uid: "u".repeat(41), title: " " }),
      ["has no title: set one", expect.stringContaining("at most 40")],
    ],
    [exported({ panels: {} }), ["has panels that are no list of maps"]],
    [
      exported({ __elements: { a: { name: "Shared" } } }),
      ["has library panels in it (__elements): unlink them in Grafana, and export it again"],
    ],
  ])("that cannot be taken in says why: %s", (text, problems) => {
    expect(readDashboard(text)).toEqual({ problems });
  });

  test("is known by its uid and title", () => {
    const elements = { __elements: {} };
    expect(readDashboard(exported(elements))).toMatchObject({ dashboard: { uid: "web", title: "Web" } });
  });
});

describe("a dashboard for a stack", () => {
  test("is without what Grafana numbers anew, and without what an export adds", () => {
    const { config, problems } = bind({ __inputs: [], __requires: [{ type: "grafana" }], tags: ["a"] });
    expect(problems).toEqual([]);
    expect(config).toEqual({ uid: "web", title: "Web", schemaVersion: 39, tags: ["a"] });
  });

  test("has its inputs bound, wherever they are named", () => {
    const source = { type: "prometheus", uid: "${DS_PROMETHEUS}" };
    const { config, problems } = bind({
      __inputs: [
        { name: "DS_PROMETHEUS", type: "datasource", pluginId: "prometheus" },
        { name: "DS_PROFILES", type: "datasource", pluginId: "grafana-pyroscope-datasource" },
        { name: "DS_EXPRESSION", type: "datasource", pluginId: "__expr__" },
        { name: "VAR_RATE", type: "constant", value: "5m" },
      ],
      panels: [
        {
          title: "Rate",
          datasource: source,
          targets: [{ datasource: source, expr: "rate(x[${VAR_RATE}])" }],
        },
        { title: "Flames", datasource: "${DS_PROFILES}" },
        {
          type: "row",
          panels: [
            { title: "Sum", targets: [{ datasource: { type: "__expr__", uid: "${DS_EXPRESSION}" } }] },
          ],
        },
      ],
      templating: { list: [{ name: "job", type: "query", datasource: source, query: "${other}" }] },
    });
    expect(problems).toEqual([]);
    const bound = { type: "prometheus", uid: "production-prometheus" };
    expect(config).toMatchObject({
      panels: [
        { datasource: bound, targets: [{ datasource: bound, expr: "rate(x[5m])" }] },
        { datasource: "production-pyroscope" },
        { panels: [{ targets: [{ datasource: { uid: "__expr__" } }] }] },
      ],
      templating: { list: [{ datasource: bound, query: "${other}" }] },
    });
  });

  test("has the stack's datasource where only the type is told, and keeps what leaves it to Grafana", () => {
    const annotation = {
      name: "Annotations & Alerts",
      datasource: { type: "grafana", uid: "-- Grafana --" },
    };
    const { config, problems } = bind({
      annotations: { list: [annotation, { name: "Deploys", datasource: { type: "loki" } }] },
      panels: [
        { title: "a", datasource: null, targets: [{ refId: "A" }] },
        { title: "b", datasource: { type: "datasource", uid: "-- Mixed --" } },
        { title: "c", datasource: { type: "prometheus", uid: "" } },
        { title: "d", datasource: { uid: "$source" } },
        { title: "e", datasource: { type: "prometheus", uid: "${source:raw}" } },
      ],
      templating: { list: [{ name: "source", type: "datasource", query: "prometheus", current: {} }] },
    });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      annotations: { list: [annotation, { datasource: { type: "loki", uid: "production-loki" } }] },
      panels: [
        { datasource: null },
        { datasource: { uid: "-- Mixed --" } },
        { datasource: { uid: "production-prometheus" } },
        { datasource: { uid: "$source" } },
        { datasource: { uid: "${source:raw}" } },
      ],
    });
  });

  test.each([
    [
      { type: "postgres", uid: "P1" },
      { uid: "P1", problem: `panel "Rows": asks the datasource "P1", and ${has}` },
    ],
    [
      { type: "prometheus", uid: "abc" },
      {
        uid: "abc",
        problem:
          `panel "Rows": asks the datasource "abc", and ${has}: export it for sharing externally, or leave out the uid there, ` +
          "and it is bound to production-prometheus",
      },
    ],
    [
      "Prometheus",
      { uid: "Prometheus", problem: `panel "Rows": asks the datasource "Prometheus", and ${has}` },
    ],
  ])("may ask another one that Grafana has, by its uid: %j", (datasource, other) => {
    const panels = [{ title: "Rows", datasource }];
    expect(bind({ panels })).toMatchObject({ config: { panels }, problems: [], others: [other] });
  });

  test.each([
    [
      { panels: [{ title: "Trace", targets: [{ datasource: { type: "tempo" } }] }] },
      `panel "Trace": asks a datasource of the type "tempo", and ${has}`,
    ],
    [
      { annotations: { list: [{ name: "Deploys", datasource: {} }] } },
      `annotation "Deploys": asks a datasource of no type, and ${has}`,
    ],
    [
      { rows: [{ panels: [{ title: "A", datasource: "$db" }] }] },
      'panel "A": asks $db, and the dashboard has neither an input nor a datasource variable of that name',
    ],
    [
      { templating: { list: [{ name: "db", type: "datasource", query: "postgres" }] } },
      `variable "db": offers datasources of the type "postgres", and ${has}`,
    ],
    [
      {
        __inputs: [{ name: "DS_DB", type: "datasource", pluginId: "postgres" }],
        panels: [{ datasource: "${DS_DB}" }],
      },
      `the input DS_DB wants a datasource of the type "postgres", and ${has}: take the input out, and put the uid of one that ` +
        "Grafana has in place of ${DS_DB}",
    ],
    [
      { __inputs: [{ name: "VAR_X", type: "constant" }] },
      'the input VAR_X is of the type "constant" and has no value, and nobody is asked for one: write it into the file',
    ],
  ])("that asks for what the stack does not have says where: %j", (more, problem) => {
    expect(bind(more).problems).toEqual([problem]);
  });

  test("names three places of one reference, and how many more", () => {
    const panels = ["a", "b", "c", "d", "e"].map((title) => ({ title, datasource: "gone" }));
    const problem =
      'panel "a", panel "b", panel "c" and 2 more: asks the datasource "gone", and this stack has no datasource';
    expect(bind({ panels }, {}).others).toEqual([{ uid: "gone", problem }]);
  });
});

describe("whatever is exported", () => {
  const reference = fc.oneof(
    fc.constant(null),
    fc.record(
      {
        type: fc.constantFrom(...Object.values(datasourceTypes), "postgres"),
        uid: fc.constantFrom("", "x", "${DS}"),
      },
      { requiredKeys: [] },
    ),
  );
  const panel = fc.record({
    title: fc.string(),
    datasource: reference,
    targets: fc.array(fc.record({ datasource: reference })),
  });
  const kinds = fc.subarray([...datasourceKinds]);

  test("asks for the stack's datasources and those that are told, or is refused", () => {
    fc.assert(
      fc.property(fc.array(panel), kinds, (panels, some: DatasourceKind[]) => {
        const of = datasourceUids("production", some);
        const inputs = [{ name: "DS", type: "datasource", pluginId: "loki" }];
        const { config, problems, others } = bind({ panels, __inputs: inputs }, of);
        if (problems.length > 0) return;
        const known = [...Object.values(of), ...others.map(({ uid }) => uid)];
        const asked = (config["panels"] as typeof panels).flatMap(({ datasource, targets }) =>
          [datasource, ...targets.map((target) => target.datasource)].filter((one) => one !== null),
        );
        for (const { uid } of asked) expect(known).toContain(uid);
      }),
    );
  });

  test("is the same for two exports that differ in what Grafana numbers", () => {
    fc.assert(
      fc.property(fc.array(panel), fc.nat(), fc.nat(), (panels, id, version) => {
        expect(bind({ panels, id, version }).config).toEqual(bind({ panels }).config);
      }),
    );
  });

  test("is never changed twice", () => {
    fc.assert(
      fc.property(fc.array(panel), (panels) => {
        const { config, problems } = bind({
          panels,
          __inputs: [{ name: "DS", type: "datasource", pluginId: "loki" }],
        });
        if (problems.length === 0) expect(bind(config).config).toEqual(config);
      }),
    );
  });
});
