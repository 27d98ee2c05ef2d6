import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration } from "../../config/units";
import { renderAlloyDefaults } from "../../render/alloy/defaults";
import { renderAlloyPlatform } from "../../render/alloy/platform";
import { renderProfiles, type ScrapedService } from "../../render/alloy/profiles";
import { call, object, reference, renderAlloy } from "../../render/alloy/syntax";
import { accepted } from "../config/sample";
import { sampleServices } from "./samples";

describe("golden", () => {
  test("profiles", async () => {
    const text = renderProfiles({ environment: "production", services: sampleServices() });
    await expect(text).toMatchFileSnapshot("../golden/profiles.alloy");
  });

  test("no services", async () => {
    const text = renderProfiles({ environment: "production", services: [] });
    await expect(text).toMatchFileSnapshot("../golden/profiles-none.alloy");
  });

  test("platform", async () => {
    const text = renderAlloyPlatform({ pyroscopeUrl: "http://127.0.0.1:4040" });
    await expect(text).toMatchFileSnapshot("../golden/platform.alloy");
  });

  test("platform with a remote Pyroscope", async () => {
    const text = renderAlloyPlatform({
      pyroscopeUrl: "https://profiles.example",
      tenant: "soar",
      user: `the "writer"`,
      passwordFile: "/etc/alloy/pyroscope-password",
    });
    await expect(text).toMatchFileSnapshot("../golden/platform-remote.alloy");
  });

  test("defaults", async () => {
    const defaults = (version: string, stability?: string): string =>
      renderAlloyDefaults({ version, httpPort: 12345, stability });
    await expect(defaults("1.11.3-1")).toMatchFileSnapshot("../golden/alloy-defaults.env");
    await expect(defaults("1.12.0-1")).toMatchFileSnapshot("../golden/alloy-defaults-1.12.env");
    expect(defaults("1.12.0-1", "generally-available")).toBe(defaults("1.12.0-1"));
    expect(defaults("1.12.0-1", "experimental")).toContain(' --stability.level=experimental"\n');
  });
});

test("a user comes with a password file", () => {
  expect(() => renderAlloyPlatform({ pyroscopeUrl: "http://x", user: "u" })).toThrow("together");
});

describe("one service more", () => {
  const before = sampleServices();
  const [extra] = accepted({
    services: [{ name: "soar-new", port: 9099, profiles: ["cpu", "heap"] }],
  }).services;
  if (extra === undefined) throw new Error("expected a service");

  test("is exactly one line more for each kind of profile", () => {
    const old = renderProfiles({ environment: "production", services: before }).split("\n");
    const added = renderProfiles({ environment: "production", services: [...before, extra] }).split("\n");
    const news = added.filter((line) => !old.includes(line));
    expect(news).toEqual([expect.stringContaining('"soar-new"'), expect.stringContaining('"soar-new"')]);
    expect(added).toHaveLength(old.length + news.length);
    expect(old.filter((line) => !added.includes(line))).toEqual([]);
  });
});

/** The targets of each component, read back from the text without the renderer's own code. */
function targetsOf(text: string): Record<string, Record<string, string>[]> {
  const components: Record<string, Record<string, string>[]> = {};
  let current: Record<string, string>[] = [];
  for (const line of text.split("\n")) {
    const label = /^pyroscope\.scrape "(\w+)" \{$/.exec(line)?.[1];
    if (label !== undefined) components[label] = current = [];
    const target = /^\t\t\{(".*")\},$/.exec(line)?.[1];
    if (target === undefined) continue;
    const pairs: [string, string][] = [];
    const pair = /("(?:[^"\\]|\\.)*") = ("(?:[^"\\]|\\.)*")(?:, |$)/y;
    while (pair.lastIndex < target.length) {
      const match = pair.exec(target);
      if (match?.[1] === undefined || match[2] === undefined) throw new Error(`no pairs: ${target}`);
      // The escapes that we write are those of JSON.
      pairs.push([JSON.parse(match[1]) as string, JSON.parse(match[2]) as string]);
    }
    current.push(Object.fromEntries(pairs));
  }
  return components;
}

function expectedTarget({
  name,
  address,
  port,
  labels,
  repository,
  gitRef,
}: ScrapedService): Record<string, string> {
  return {
    __address__: address === "::1" ? `[::1]:${port}` : `${address}:${port}`,
    service_name: name,
    environment: "blue-green",
    job: name,
    ...labels,
    ...(repository !== undefined && { service_repository: repository }),
    ...(gitRef !== undefined && { service_git_ref: gitRef }),
  };
}

const anyService = fc.record(
  {
    name: fc.stringMatching(/^[a-z][a-z0-9._-]{0,8}$/),
    address: fc.constantFrom("127.0.0.1", "127.8.9.10", "::1", "localhost"),
    profiles: fc.subarray(["cpu", "heap"], { minLength: 1 }),
    interval: fc.constantFrom("15s", "60s", "1m", "1h30m"),
    duration: fc.constantFrom("2s", "5s", "13s"),
    labels: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,5}_$/),
      fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0")),
      { maxKeys: 4 },
    ),
    repository: fc.webUrl(),
    gitRef: fc.stringMatching(/^[a-z"\\$]{1,8}$/),
  },
  { requiredKeys: ["name"] },
);

const anyServices = fc
  .uniqueArray(anyService, { selector: ({ name }) => name, maxLength: 8 })
  .map(
    (list) => accepted({ services: list.map((service, i) => ({ ...service, port: 20_000 + i })) }).services,
  );

test("any accepted settings render to text that reads back as the same targets", () => {
  fc.assert(
    fc.property(anyServices, (services) => {
      const components = targetsOf(renderProfiles({ environment: "blue-green", services }));
      for (const kind of ["cpu", "heap"] as const) {
        const labels = Object.keys(components).filter((label) => label.startsWith(`blue_green_${kind}_`));
        const found = labels.flatMap((label) => components[label] ?? []);
        const asked = services.filter(({ profiles }) => profiles.includes(kind)).map(expectedTarget);
        expect(new Set(found)).toEqual(new Set(asked));
        expect(found).toHaveLength(asked.length);
      }
    }),
  );
});

test("the order of services and labels does not change the text", () => {
  const shuffled = anyServices.chain((services) =>
    fc.tuple(fc.constant(services), fc.shuffledSubarray(services, { minLength: services.length })),
  );
  fc.assert(
    fc.property(shuffled, ([services, others]) => {
      const turned = others.map((service) => ({
        ...service,
        labels: Object.fromEntries(Object.entries(service.labels).reverse()),
        profiles: [...service.profiles].reverse(),
      }));
      expect(renderProfiles({ environment: "a", services: turned })).toBe(
        renderProfiles({ environment: "a", services }),
      );
    }),
  );
});

test("services are together when their rhythm is the same, however it was written", () => {
  const services = accepted({
    services: [
      { name: "a", port: 1, interval: "60s", duration: "5s" },
      { name: "b", port: 2, interval: "1m", duration: "5s" },
      { name: "c", port: 3, interval: "1m", duration: "6s", profiles: ["cpu", "heap"] },
      { name: "d", port: 4, interval: "1m", duration: "7s", profiles: ["heap"] },
    ],
  }).services;
  const components = targetsOf(renderProfiles({ environment: "p", services }));
  const names = Object.entries(components).map(([label, targets]) => [
    label,
    targets.map((t) => t["job"]).join(),
  ]);
  expect(Object.fromEntries(names)).toEqual({ p_cpu_60s_5s: "a,b", p_cpu_60s_6s: "c", p_heap_60s: "c,d" });
});

describe("the writer", () => {
  test("writes every kind of value", () => {
    const text = renderAlloy("Test.", [
      {
        name: "a.b",
        label: "c",
        attributes: {
          text: "x",
          count: 5,
          on: true,
          list: ["x", 1, reference("d.e")],
          none: undefined,
          empty: [],
          map: object({ a: 1, "long-key": reference("d") }),
          last: object({}),
          called: call("f.g", reference("h"), "\n"),
        },
        blocks: [{ name: "inner" }, { name: "inner", attributes: { x: parseDuration("1h") } }],
      },
    ]);
    expect(text.split("\n")).toEqual([
      "// Test.",
      "",
      `a.b "c" {`,
      `\ttext  = "x"`,
      "\tcount = 5",
      "\ton    = true",
      `\tlist  = ["x", 1, d.e]`,
      "\tempty = []",
      "\tmap   = {",
      `\t\t"a"        = 1,`,
      `\t\t"long-key" = d,`,
      "\t}",
      "\tlast   = {}",
      `\tcalled = f.g(h, "\\n")`,
      "",
      "\tinner { }",
      "",
      "\tinner {",
      "\t\tx = 3600",
      "\t}",
      "}",
      "",
    ]);
  });

  test.each([
    ["an attribute", () => renderAlloy("", [{ name: "a", attributes: { "b c": 1 } }])],
    ["a label", () => renderAlloy("", [{ name: "a", label: 'b" {' }])],
    ["a block", () => renderAlloy("", [{ name: "a..b" }])],
    ["a reference", () => reference("a.b()")],
    ["a function", () => call("a b", 1)],
    ["a number", () => renderAlloy("", [{ name: "a", attributes: { b: NaN } }])],
    ["a key", () => renderAlloy("", [{ name: "a", attributes: { b: object({ "\n": 1 }) } }])],
    ["a text", () => renderAlloy("", [{ name: "a", attributes: { b: "\ud83d" } }])],
    ["a comment", () => renderAlloy("a\nb", [])],
  ])("refuses %s that Alloy would not read as meant", (_, render) => {
    expect(render).toThrow();
  });
});
