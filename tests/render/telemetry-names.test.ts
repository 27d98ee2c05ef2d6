import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { datasourceSettings } from "../../render/grafana/datasources";
import { type NamedService, serviceAttribute, serviceStatements } from "../../render/alloy/telemetry-names";

/** A resource's attributes after statements of the forms that we write, without the renderer's own code. */
function transformed(
  statements: readonly string[],
  attributes: Readonly<Record<string, string>>,
): Record<string, string> {
  const result = { ...attributes };
  for (const statement of statements) {
    const [, target = "", value = "", condition = ""] =
      /^set\(attributes\["([\w.]+)"\], ("(?:[^"\\]|\\.)*"|attributes\["[\w.]+"\])\) where (.+)$/s.exec(
        statement,
      ) ?? [];
    const holds = [...condition.matchAll(/attributes\["([\w.]+)"\] == (nil|"(?:[^"\\]|\\.)*")/g)].every(
      ([, key = "", wanted = ""]) =>
        wanted === "nil" ? result[key] === undefined : result[key] === (JSON.parse(wanted) as string),
    );
    expect(target).not.toBe("");
    if (!holds) continue;
    const from = /^attributes\["(.*)"\]$/.exec(value)?.[1];
    const set = from === undefined ? (JSON.parse(value) as string) : result[from];
    if (set !== undefined) result[target] = set;
  }
  return result;
}

/** The selector that Grafana puts for `${__tags}`: each of the link's tags that the span has. */
function selector(
  tags: readonly { key: string; value: string }[],
  span: Readonly<Record<string, string>>,
): string {
  const labels = tags.flatMap(({ key, value }) =>
    span[key] === undefined ? [] : [`${value}="${span[key]}"`],
  );
  return `{${labels.join(", ")}}`;
}

const uids = { pyroscope: "p", prometheus: "m", loki: "l", tempo: "t" };
const services = [{ name: "soar-run", telemetryName: "run" }, { name: "soar-web" }];

describe("a span", () => {
  test.each([
    ["of a service with a telemetryName", { "service.name": "run" }, "soar-run"],
    ["of one that is called the same", { "service.name": "soar-web" }, "soar-web"],
    ["of one with a telemetryName that it does not use", { "service.name": "soar-run" }, "soar-run"],
    ["of what is not declared", { "service.name": "other" }, "other"],
    ["that says it itself", { "service.name": "run", [serviceAttribute]: "mine" }, "mine"],
    ["that says nothing", {}, undefined],
  ])("%s has the name that all three links look for, and keeps its own", (_, attributes, name) => {
    const span = transformed(serviceStatements(services), attributes);
    expect(span).toEqual({ ...attributes, ...(name === undefined ? {} : { [serviceAttribute]: name }) });
    const links = Object.entries(
      datasourceSettings("tempo", uids, { profiles: "15s", metrics: "15s" }, serviceAttribute),
    ).flatMap(([link, { tags }]: [string, { tags?: { key: string; value: string }[] }]) =>
      tags === undefined ? [] : [[link, selector(tags, span)] as const],
    );
    const expected = name === undefined ? "{}" : `{service_name="${name}"}`;
    expect(links).toEqual([
      ["tracesToLogsV2", expected],
      ["tracesToMetrics", expected],
      ["tracesToProfiles", expected],
    ]);
  });
});

const word = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
  .filter((text) => !/[\p{Cc}\p{Surrogate}]/u.test(text));

test("any name is found by what it is called, and by that only", () => {
  const some = fc.uniqueArray(
    fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9._-]{0,8}$/), telemetryName: word }),
    {
      selector: ({ telemetryName }) => telemetryName,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(some, word, (list: NamedService[], other) => {
      for (const { name, telemetryName = "" } of list)
        expect(
          transformed(serviceStatements(list), { "service.name": telemetryName })[serviceAttribute],
        ).toBe(name);
      const known = list.find(({ telemetryName }) => telemetryName === other);
      expect(transformed(serviceStatements(list), { "service.name": other })[serviceAttribute]).toBe(
        known?.name ?? other,
      );
    }),
  );
});
