import { expect, test } from "vitest";
import { parse } from "yaml";
import { jsonSchema } from "../../config/fields";
import { secretKeys, secretSettings } from "../../config/secrets";
import { settingsSchema } from "../../config/settings";
import type { SettingKey } from "../../config/validate";
import { type Documented, documentedSettings, formOf } from "../../operations/documented";
import { settingsPage } from "../../operations/settings-page";
import { accepted, hostKey, least } from "./sample";

/** Every field of the schema, by a way of its own through it: what is a map is looked into, wherever it stands. */
function everyField(
  schema: Documented,
  prefix = "",
): { path: string; schema: Documented; isRequired: boolean }[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    return [
      { path, schema: inner, isRequired: schema.required?.includes(name) ?? false },
      ...everyField(inner, path),
    ];
  });
  const inside = [...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])];
  const named = typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
  return [
    ...fields,
    ...named.flatMap((inner) => everyField(inner, `${prefix}.NAME`)),
    ...inside.flatMap((inner) => everyField(inner, inner === schema.items ? `${prefix}[]` : prefix)),
  ];
}

const fields = everyField(jsonSchema(settingsSchema));

/** The cells of a field's row: form, default, meaning. */
const rows = new Map(
  [...settingsPage().matchAll(/^\| `(.*?)` \| (.*) \| (.*) \| (.*) \|$/gm)].map(
    ([, path = "", form = "", fallback = "", meaning = ""]) => [path, { form, fallback, meaning }],
  ),
);

test.each(fields.map((field) => [field.path, field] as const))(
  "%s has a meaning in whole sentences, a form, and a default unless it is required",
  (path, { schema, isRequired }) => {
    expect(schema.description, "a new field needs .describe()").toMatch(/^[A-Z][^]{10,}\.$/);
    expect(formOf(schema), "a new field needs .meta({ form }), or a helper of config/fields.ts").toMatch(/./);
    const hasDefault = isRequired || schema.fallback !== undefined || schema.default !== undefined;
    expect(hasDefault, "what is optional needs .meta({ fallback })").toBe(true);
    if (path in settingsSchema.shape)
      expect(settingsPage()).toContain(`## \`${path}\`\n\n${schema.description}`);
    else expect(rows.get(path)).toMatchObject({ form: formOf(schema), meaning: schema.description });
  },
);

test("the walk comes to inner maps, items of lists and all kinds of a setting", () => {
  const paths = fields.map(({ path }) => path);
  const deep = [
    "host.jump.hostKey",
    "hosts.NAME.jump.hostKey",
    "hosts.NAME.stores",
    "services[].metrics.port",
    "pyroscope.retention",
    "pyroscope.remote.tenant",
  ];
  expect(paths).toEqual(expect.arrayContaining(deep));
  expect(paths.length).toBeGreaterThan(70);
});

test("every secret has a row", () => {
  for (const key of secretKeys) expect(rows.get(key)?.meaning).toContain(secretSettings[key].description);
});

test.each(
  documentedSettings.flatMap(({ path, schema }) => (schema.samples ?? []).map((sample) => [path, sample])),
)("the sample of %s is right: %j", (key, sample) => {
  expect(settingsSchema.shape[key as SettingKey].safeParse(sample).error).toBeUndefined();
});

/** A configuration with a value at a path such as `services[].port`, where the list has one item. */
function withValue(values: unknown, path: string, value: unknown): unknown {
  const [, name = "", index, rest] = /^(\w+)(\[\])?(?:\.(.*))?$/.exec(path) ?? [];
  const inner = (values as Record<string, unknown>)[name];
  if (rest === undefined) return { ...(values as object), [name]: value };
  const changed =
    index === undefined ? withValue(inner, rest, value) : [withValue((inner as unknown[])[0], rest, value)];
  return { ...(values as object), [name]: changed };
}

test("to write the page's defaults is to write nothing", () => {
  const given = {
    ...least,
    host: { ...least.host, jump: { address: "jump.example", user: "u", hostKey } },
    repository: {},
    pyroscope: {},
    alloy: {},
    prometheus: { url: "http://127.0.0.1:9090" },
    logs: { url: "http://127.0.0.1:3100" },
    traces: { url: "http://127.0.0.1:4320" },
    grafana: { url: "http://127.0.0.1:3000", alerts: { emails: ["a@b.example"] } },
    site: { domain: "a.example" },
    services: [{ name: "a", port: 9091, metrics: {}, unit: "a.service" }],
    otherListeners: [{ name: "b", port: 9093 }],
  };
  const written = fields.filter(({ path, schema }) => {
    const isScalar = schema.properties === undefined && schema.fallback === undefined;
    return isScalar && rows.get(path)?.fallback.startsWith("`") === true;
  });
  const ofHosts = written.filter(({ path }) => path.startsWith("hosts."));
  const others = written.filter((field) => !ofHosts.includes(field));
  expect(others.length).toBeGreaterThan(25);
  expect(ofHosts.length).toBeGreaterThan(5);
  const write = (into: unknown, chosen: typeof written): Record<string, unknown> =>
    chosen.reduce<unknown>(
      (values, { path }) =>
        withValue(values, path.replace("NAME", "web"), parse(rows.get(path)?.fallback.slice(1, -1) ?? "")),
      into,
    ) as Record<string, unknown>;
  const whole = write(given, others);
  const secrets = new Set(["grafanaAuth"]);
  expect(accepted(whole, secrets)).toEqual(accepted(given, secrets));
  const remote = { remote: { url: "https://profiles.example" } };
  const several = { host: undefined, hosts: { web: given.host }, pyroscope: remote };
  expect(accepted(write(several, ofHosts))).toEqual(accepted(several));
});
