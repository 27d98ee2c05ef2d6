import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { bindGroup } from "../../render/grafana/bound-rules";
import { datasourceUids } from "../../render/grafana/datasources";
import { readGrafanaRules } from "../../render/grafana/rule-file";
import { renderRuleFile } from "../../render/prometheus/rule-file";

const header = "# Managed by soar-profiling (environment production): changes made here are overwritten.\n";

const content = (text: string): string => {
  const file = renderRuleFile(text, "production");
  if ("problems" in file) throw new Error(file.problems.join("\n"));
  return file.content;
};

describe("a rule file of Prometheus", () => {
  test("goes as it is, with its comments", () => {
    const text = `# Of the ingest.
groups:
  - name: ogn
    interval: 30s
    rules:
      # A minute is long.
      - alert: OgnSilent
        expr: |
          rate(ogn_messages_total[1m])
            == 0
        labels: 
          severity: critical
          level: 1.10
`;
    expect(content(text)).toBe(header + text.replace("labels: \n", "labels:\n"));
  });

  test("is in block style, as what asks Prometheus for its rules reads it, with every value as it was written", () => {
    const text =
      '{"groups": [{name: a, rules: [{record: "a:b", expr: "sum(x)", labels: {n: 0x10, b: yes, q: "5"}}]}]}';
    expect(content(text)).toBe(`${header}"groups":
  - name: a
    rules:
      - record: "a:b"
        expr: "sum(x)"
        labels:
          n: 0x10
          b: yes
          q: "5"
`);
  });

  test.each([
    ["groups: [", [expect.stringMatching(/^is no YAML: /)]],
    ["- a", ["is no rule file, which is a map with groups"]],
    ["", ["is no rule file, which is a map with groups"]],
    ["namespace: x\ngroups: []", ["has the key namespace, which Prometheus does not know: leave it out"]],
    ["groups: x", ["has no list of groups: set groups"]],
    ["groups: [{rules: []}]", ["groups[0] has no name: set one"]],
    ["groups: [{name: a, rules: x}]", ['the rules of the group "a" are no list']],
    ["groups: [{name: a}, {name: a}]", ['has two groups with the name "a": give each its own']],
    [
      "groups: [{name: a, rules: [{expr: x}, {alert: A, record: b, expr: x}, {alert: A}, x]}]",
      [
        'groups[0].rules[0], in the group "a", must have one of alert and record',
        'groups[0].rules[1], in the group "a", must have one of alert and record',
        'groups[0].rules[2], in the group "a", has no expr: set one',
        'groups[0].rules[3], in the group "a", is no map',
      ],
    ],
  ])("that cannot be one says why: %j", (text, problems) => {
    expect(renderRuleFile(text, "production")).toEqual({ problems });
  });

  test("means the same afterwards, and is rendered the same again", () => {
    const word = fc.string({ minLength: 1 }).filter((text) => text.trim() !== "");
    const rule = fc.record({
      alert: word,
      expr: word,
      labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()),
    });
    const groups = fc.uniqueArray(fc.record({ name: word, rules: fc.array(rule, { maxLength: 3 }) }), {
      selector: ({ name }) => name,
    });
    fc.assert(
      fc.property(groups, fc.boolean(), (all, isFlow) => {
        const text = stringify({ groups: all }, { collectionStyle: isFlow ? "flow" : "block" });
        const rendered = content(text);
        expect(parse(rendered)).toEqual({ groups: all });
        expect(content(rendered)).toBe(header + rendered);
      }),
      { numRuns: 30 },
    );
  });
});

const query = {
  refId: "A",
  relativeTimeRange: { from: 600, to: 0 },
  datasourceUid: "production-prometheus",
  model: { refId: "A", expr: "up", instant: true },
};
const threshold = {
  refId: "C",
  datasourceUid: "__expr__",
  model: { refId: "C", type: "threshold", expression: "A" },
};
const rule = { uid: "r1", title: "Down", condition: "C", data: [query, threshold], for: "5m" };
const group = { orgId: 1, name: "ogn", folder: "SOAR", interval: "1m30s", rules: [rule] };
const file = (more: object = {}, of: object = {}): Record<string, unknown> => ({
  apiVersion: 1,
  groups: [{ ...group, ...more, rules: [{ ...rule, ...of }] }],
});

describe("alert rules that Grafana has exported", () => {
  const uids = datasourceUids("production", ["prometheus", "loki"]);

  test("are read without what says where they were", () => {
    const panel = {
      dashboardUid: "web",
      panelId: 4,
      labels: { severity: 1 },
      annotations: { summary: "Down" },
    };
    expect(readGrafanaRules(file({}, { ...panel, noDataState: "OK", isPaused: true }))).toEqual({
      groups: [
        {
          name: "ogn",
          intervalSeconds: 90,
          rules: [
            {
              title: "Down",
              condition: "C",
              for: "5m",
              noDataState: "OK",
              isPaused: true,
              labels: { severity: "1" },
              annotations: { __dashboardUid__: "web", __panelId__: "4", summary: "Down" },
              data: [
                { ...query, queryType: "" },
                { ...threshold, queryType: "", relativeTimeRange: { from: 0, to: 0 } },
              ],
            },
          ],
        },
      ],
    });
  });

  test.each([
    [
      { apiVersion: 1, contactPoints: [] },
      ["contactPoints is not taken over: leave it out", "has no groups"],
    ],
    [file({ name: "" }), ["groups[0] has no name: set one"]],
    [file({ interval: "soon" }), ["groups[0].interval must be a duration such as 1m"]],
    [file({}, { title: "" }), ["groups[0].rules[0] has no title: set one"]],
    [file({}, { for: "1 minute" }), ["groups[0].rules[0].for must be a duration such as 5m"]],
    [file({}, { condition: "B" }), ["groups[0].rules[0].condition must be the refId of one of its data"]],
    [
      file({}, { notification_settings: { receiver: "x" } }),
      ["groups[0].rules[0].notification_settings is not taken over: leave it out"],
    ],
  ])("that cannot be taken over say why: %j", (of, problems) => {
    expect(readGrafanaRules(of)).toEqual({ problems });
  });

  test("are bound to the stack's datasources, or say which they ask for", () => {
    const bound = (of: object): object => {
      const read = readGrafanaRules(file({}, { condition: "A", data: [{ ...query, ...of }] }));
      if ("problems" in read) throw new Error(read.problems.join("\n"));
      const { group: result, others } = bindGroup(
        read.groups[0] ?? { name: "", intervalSeconds: 0, rules: [] },
        uids,
      );
      return others.length > 0 ? others : (result.rules[0]?.data[0] ?? {});
    };
    expect(bound({})).toEqual({ ...query, queryType: "" });
    const model = { datasource: { type: "loki", uid: "" }, expr: "{}" };
    expect(bound({ datasourceUid: "", model })).toMatchObject({
      datasourceUid: "production-loki",
      model: { datasource: { type: "loki", uid: "production-loki" }, expr: "{}" },
    });
    expect(bound({ datasourceUid: "abc" })).toEqual([
      {
        uid: "abc",
        problem:
          'rule "Down": A asks the datasource "abc", and this stack has "production-prometheus" (prometheus), "production-loki" (loki)',
      },
    ]);
  });
});
