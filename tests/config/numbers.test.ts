import { describe, expect, test } from "vitest";
import { documentedSettings, fieldsOf } from "../../operations/documented";
import { hostKey, issues, least } from "./sample";

/** A configuration with a map or list at every place that a field may be in. */
const whole = {
  ...least,
  host: { ...least.host, jump: { address: "jump.example", user: "u", hostKey } },
  repository: {},
  pyroscope: {
    also: { url: "http://a.example" },
    storage: { s3: { endpoint: "http://a.example", bucket: "abc", region: "r", accessKeyId: "k" } },
  },
  alloy: { fragments: { extra: "// x" } },
  prometheus: { url: "http://127.0.0.1:9090" },
  logs: { url: "http://127.0.0.1:3100" },
  traces: { url: "http://127.0.0.1:4320" },
  grafana: { url: "http://127.0.0.1:3000", datasources: {}, alerts: { emails: ["a@b.example"] } },
  site: { domain: "a.example" },
  services: [{ name: "a", port: 9091, metrics: {}, unit: "a.service", labels: { one: "1" } }],
  otherListeners: [{ name: "b", port: 9093 }],
};

/** A copy with a value at a path such as `services[].port`, where the list has one item. */
function withValue(values: unknown, path: string, value: unknown): unknown {
  const [, name = "", index, rest] = /^(\w+)(\[\])?(?:\.(.*))?$/.exec(path) ?? [];
  const inner = (values as Record<string, unknown>)[name];
  if (rest === undefined) {
    return { ...(values as object), [name]: index === undefined ? value : [value] };
  }
  const changed =
    index === undefined ? withValue(inner, rest, value) : [withValue((inner as unknown[])[0], rest, value)];
  return { ...(values as object), [name]: changed };
}

/** What wants a text, by the schema; those that are no map have no type there, and are named. */
const texts = [
  ...documentedSettings
    .flatMap((setting) => [
      setting,
      ...(setting.schema.anyOf ?? [setting.schema]).flatMap((schema) =>
        fieldsOf({ path: setting.path, schema }),
      ),
    ])
    .filter(({ schema }) => (schema as { type?: string }).type === "string")
    .map(({ path }) => path.replace("NAME", "web")),
  ...["pyroscope", "prometheus", "loki", "tempo"].map((kind) => `grafana.datasources.${kind}`),
  "grafana.datasources.tempo.uid",
  "grafana.alerts.emails[]",
  "alloy.fragments.extra",
  "services[].labels.one",
];

describe("a number where a text is wanted is told to be one, and to be written in quotes", () => {
  test("of fields of every kind", () => {
    const some = [
      "host.user",
      "logs.user",
      "logs.tenant",
      "gitRef",
      "services[].gitRef",
      "services[].metrics.path",
    ];
    expect(texts).toEqual(
      expect.arrayContaining([...some, "pyroscope.remote.user", "grafana.alerts.webhook"]),
    );
  });

  test.each(texts)("%s", (path) => {
    const base =
      path === "grafana.datasources.tempo.uid"
        ? { ...whole, grafana: { ...whole.grafana, datasources: { tempo: {} } } }
        : path.startsWith("pyroscope.remote.")
          ? { ...whole, site: {}, pyroscope: { remote: { url: "http://a.example" } } }
          : path.startsWith("platform.")
            ? { ...whole, platform: { stack: "a/b/c" } }
            : path.startsWith("hosts.")
              ? { ...whole, host: undefined, hosts: { web: whole.host } }
              : whole;
    const told = issues(withValue(base, path, 123456) as Record<string, unknown>, ["grafanaAuth"]);
    const at = path.replaceAll("[]", "[0]");
    expect(told.filter((issue) => issue.startsWith(`${at}: `))).toContainEqual(
      expect.stringMatching(/, not the number 123456: write it in quotes$/),
    );
  });
});
