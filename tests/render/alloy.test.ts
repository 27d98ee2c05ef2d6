import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration } from "../../config/units";
import { renderAlloyDefaults } from "../../render/alloy/defaults";
import { renderDestination } from "../../render/alloy/destination";
import { profileLabel, profileLabels } from "../../render/alloy/label";
import { renderAlloyPlatform } from "../../render/alloy/platform";
import { renderProfiles, type ScrapedService } from "../../render/alloy/profiles";
import { call, object, reference, renderAlloy } from "../../render/alloy/syntax";
import { accepted } from "../config/sample";
import { sampleServices } from "./samples";

describe("golden", () => {
  test.each([
    ["profiles", false],
    ["profiles-password", true],
  ] as const)("%s", async (name, authenticates) => {
    const text = renderProfiles({ environment: "production", services: sampleServices(), authenticates });
    await expect(text).toMatchFileSnapshot(`../golden/${name}.alloy`);
  });

  test("no services", async () => {
    const text = renderProfiles({ environment: "production", services: [], authenticates: false });
    await expect(text).toMatchFileSnapshot("../golden/profiles-none.alloy");
  });

  test("platform", async () => {
    await expect(renderAlloyPlatform({})).toMatchFileSnapshot("../golden/platform.alloy");
  });

  test("platform that Prometheus asks", async () => {
    const text = renderAlloyPlatform({ isMeasured: true });
    await expect(text).toMatchFileSnapshot("../golden/platform-metrics.alloy");
  });

  test("destination", async () => {
    const text = renderDestination({ pyroscopeUrl: "http://127.0.0.1:4040" });
    await expect(text).toMatchFileSnapshot("../golden/destination.alloy");
  });

  test("a remote Pyroscope as destination", async () => {
    const text = renderDestination({
      pyroscopeUrl: "https://profiles.example",
      tenant: "soar",
      user: `the "writer"`,
      passwordFile: "/etc/alloy/pyroscope-password",
    });
    await expect(text).toMatchFileSnapshot("../golden/destination-remote.alloy");
  });

  test("the site of another host as destination, by an authority of its own", async () => {
    const text = renderDestination({
      pyroscopeUrl: "https://pyroscope.example",
      user: "soar-profiling-sender",
      passwordFile: "/etc/alloy/secrets/pyroscope-password",
      authorityFile: "/etc/alloy/secrets/pyroscope-authority.pem",
    });
    await expect(text).toMatchFileSnapshot("../golden/destination-site.alloy");
    const access = { authenticates: true, hasAuthority: true };
    const profiles = renderProfiles({ environment: "production", services: sampleServices(), ...access });
    await expect(profiles).toMatchFileSnapshot("../golden/profiles-site.alloy");
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
  expect(() => renderDestination({ pyroscopeUrl: "http://x", user: "u" })).toThrow("together");
});

describe("one service more", () => {
  const before = sampleServices();
  const [extra] = accepted({
    services: [{ name: "soar-new", port: 9099, profiles: ["cpu", "heap"] }],
  }).services;
  if (extra === undefined) throw new Error("expected a service");

  test("is its own components, and leaves all others as they are", () => {
    const render = (services: ScrapedService[]): string =>
      renderProfiles({ environment: "production", services, authenticates: false }).trimEnd();
    const old = render(before).split("\n\n");
    const added = render([...before, extra]).split("\n\n");
    expect(added.filter((part) => part.includes("soar-new"))).toHaveLength(2);
    const alone = new Set(render([extra]).split("\n\n"));
    expect(old.filter((part) => !added.includes(part) && !alone.has(part))).toEqual([]);
    expect(added.filter((part) => !old.includes(part) && !alone.has(part))).toEqual([]);
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
      const components = targetsOf(
        renderProfiles({ environment: "blue-green", services, authenticates: false }),
      );
      for (const kind of ["cpu", "heap"] as const) {
        const labels = Object.keys(components).filter((label) =>
          label.startsWith(`blue_green_${kind.toUpperCase()}_`),
        );
        const found = labels.flatMap((label) => components[label] ?? []);
        const asked = services.filter(({ profiles }) => profiles.includes(kind)).map(expectedTarget);
        expect(new Set(found)).toEqual(new Set(asked));
        expect(found).toHaveLength(asked.length);
        // Each has a component of its own.
        expect(labels).toHaveLength(asked.length);
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
      expect(renderProfiles({ environment: "a", services: turned, authenticates: false })).toBe(
        renderProfiles({ environment: "a", services, authenticates: false }),
      );
    }),
  );
});

test("no two profiles of any environments and services have the same label", () => {
  const environment = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,8}$/);
  const profile = fc.tuple(environment, fc.constantFrom("cpu" as const, "heap" as const), name);
  fc.assert(
    fc.property(profile, profile, (one, other) => {
      const [a, b] = [profileLabel(...one), profileLabel(...other)];
      expect(a).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
      expect(a === b).toBe(one.join() === other.join());
      expect(new RegExp(`^(?:${profileLabels(other[0])})$`).test(a)).toBe(one[0] === other[0]);
    }),
    { numRuns: 2000 },
  );
  const hard: [string, "cpu" | "heap", string][] = [
    ...(["a-b", "a.b", "a_b", "a--b", "a_-b", "a-_b", "a_ub", "a.ub", "a-db", "A-b"] as const).map(
      (service) => ["e", "cpu", service] as [string, "cpu", string],
    ),
    ...[["a", "cpu", "cpu.b"] as const, ["a-cpu", "cpu", "b"] as const, ["a", "heap", "b"] as const].map(
      (one) => [...one] as [string, "cpu" | "heap", string],
    ),
  ];
  expect(new Set(hard.map((one) => profileLabel(...one))).size).toBe(hard.length);
  expect(profileLabel("production", "cpu", "soar-run")).toBe("production_CPU_soar__run");
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
