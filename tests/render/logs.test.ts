import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LogsSettings } from "../../config/settings";
import { type LoggedService, renderLogs } from "../../render/alloy/logs";
import { accepted } from "../config/sample";
import { relabel, rulesOf } from "./rules";

function settings(values: object = {}): LogsSettings {
  const services = [{ name: "a", port: 1, unit: "a.service" }];
  const { logs } = accepted({ services, logs: { url: "http://127.0.0.1:3100", ...values } });
  if (logs === undefined) throw new Error("expected logs");
  return logs;
}

const services: LoggedService[] = [
  { name: "soar-web", unit: "soar-web@1.service" },
  { name: "soar-run", unit: "soar-run.service" },
  { name: "soar-ingest", unit: "soar\\x2dingest.service" },
  { name: "silent" },
];

describe("golden", () => {
  test("logs", async () => {
    const text = renderLogs({ environment: "production", services, settings: settings() });
    await expect(text).toMatchFileSnapshot("../golden/logs.alloy");
  });

  test("logs with a least level, to a tenant with a password", async () => {
    const text = renderLogs({
      environment: "blue-green",
      services,
      settings: {
        ...settings({ url: "https://loki.example/base", tenant: "soar", level: "err" }),
        user: `the "w"`,
      },
      passwordFile: "/etc/alloy/secrets/blue-green-logs-password",
    });
    await expect(text).toMatchFileSnapshot("../golden/logs-remote.alloy");
  });
});

test("a user comes with a password file", () => {
  const passwordFile = "/p";
  const common = { environment: "a", services };
  expect(() => renderLogs({ ...common, settings: settings(), passwordFile })).toThrow("together");
  expect(() => renderLogs({ ...common, settings: { ...settings(), user: "u" } })).toThrow("together");
});

const both = { source: ["journal", "otlp"] };

/** The labels that a line of the journal has in Loki, unless its text says another level; undefined for one that is not sent. */
function sent(
  list: readonly LoggedService[],
  journal: Readonly<Record<string, string>>,
  least: LogsSettings["level"] = "debug",
): Record<string, string> | undefined {
  const values = { level: least, ...(list.some(({ logs }) => logs !== undefined) ? both : {}) };
  const text = renderLogs({ environment: "a-b", services: list, settings: settings(values) });
  const fields = relabel(rulesOf(text, "a_b_fields"), { job: "j", environment: "a-b", ...journal });
  const visible = Object.entries(fields ?? {}).filter(([name]) => !name.startsWith("__"));
  const lines = relabel(rulesOf(text, "a_b_lines"), Object.fromEntries(visible));
  return lines === undefined ? undefined : relabel(rulesOf(text, "a_b_levels"), lines);
}

const line = (unit: string, level = "info"): Record<string, string> => ({
  __journal__systemd_unit: unit,
  __journal_priority_keyword: level,
  __journal_message: "hello",
});

describe("a line of the journal", () => {
  test("of a declared unit has four labels", () => {
    expect(sent(services, line("soar-run.service"))).toEqual({
      unit: "soar-run.service",
      level: "info",
      service_name: "soar-run",
      environment: "a-b",
    });
  });

  test("of systemd about a declared unit is one of it, and of any other process is not", () => {
    const about = { ...line("init.scope", "warning"), __journal_unit: "soar-run.service" };
    expect(sent(services, about)).toMatchObject({ unit: "soar-run.service", service_name: "soar-run" });
    expect(sent(services, { ...about, __journal__systemd_unit: "evil.service" })).toBeUndefined();
    expect(sent(services, { ...about, __journal_unit: "other.service" })).toBeUndefined();
  });

  test.each([
    ["soar-runXservice"],
    ["xsoar-run.service"],
    ["soar-run.service.service"],
    ["soar-run.service\nsoar-run.service"],
    ["soar-web@2.service"],
    ["soar-web@.service"],
    ["soar-ingest.service"],
    ["alloy.service"],
    ["init.scope"],
    [""],
  ])("of %j is not sent", (unit) => {
    expect(sent(services, line(unit))).toBeUndefined();
  });

  test("of the kernel, without any unit, is not sent", () => {
    expect(sent(services, { __journal_priority_keyword: "warning" })).toBeUndefined();
  });

  test("of a service that sends by OTLP is not sent, and what systemd says of its unit is", () => {
    const list = [...services, { name: "otlp", unit: "soar-otlp.service", logs: "otlp" as const }];
    expect(sent(list, line("soar-otlp.service"))).toBeUndefined();
    const about = { ...line("init.scope", "warning"), __journal_unit: "soar-otlp.service" };
    expect(sent(list, about)).toEqual({
      unit: "soar-otlp.service",
      level: "warning",
      service_name: "otlp",
      environment: "a-b",
    });
    expect(sent(list, line("soar-run.service"))).toMatchObject({ service_name: "soar-run" });
  });

  const levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;
  test.each(levels.map((least, i) => [least, i] as const))("from the level %s on", (least, i) => {
    const asAlloySays = levels.map((level) => (level === "err" ? "error" : level));
    const kept = asAlloySays.filter(
      (level) => sent(services, line("soar-run.service", level), least) !== undefined,
    );
    expect(kept).toEqual(asAlloySays.slice(0, i + 1));
    expect(sent(services, { __journal__systemd_unit: "soar-run.service" }, least)).not.toHaveProperty(
      "level",
    );
  });
});

const unitName = fc.stringMatching(/^[A-Za-z0-9:_.@\\-]{1,12}\.service$/);
const serviceName = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,12}$/);
const anyServices = fc.uniqueArray(fc.record({ name: serviceName, unit: unitName }), {
  selector: ({ unit }) => unit,
  minLength: 1,
  maxLength: 8,
});

test("any unit's lines are its service's, and those of no other unit are sent", () => {
  fc.assert(
    fc.property(anyServices, unitName, (list, other) => {
      for (const { name, unit } of list) {
        expect(sent(list, line(unit))).toEqual({
          unit,
          level: "info",
          service_name: name,
          environment: "a-b",
        });
      }
      const declared = list.find(({ unit }) => unit === other);
      expect(sent(list, line(other))?.["service_name"]).toBe(declared?.name);
    }),
  );
});

test("the order of the services does not change the text", () => {
  const shuffled = anyServices.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  const render = (list: LoggedService[]): string =>
    renderLogs({ environment: "a", services: list, settings: settings() });
  fc.assert(
    fc.property(shuffled, ([list, turned]) => {
      expect(render(turned)).toBe(render(list));
    }),
  );
});

test("nothing of the components that wait for Loki depends on the settings", () => {
  const fixed = (list: LoggedService[], values: object): string[] =>
    renderLogs({ environment: "a", services: list, settings: settings(values) })
      .split("\n\n")
      .join("\n")
      .split(/^(?=\S+ "\w+" \{$)/m)
      .filter((block) => /^loki\.(source|process)/.test(block));
  expect(fixed(services, { level: "err" })).toEqual(fixed([], {}));
  expect(fixed([], {})).toHaveLength(2);
});

test("one service more is its own lines more, and nothing of the source changes", () => {
  const render = (list: LoggedService[]): string[] =>
    renderLogs({ environment: "a", services: list, settings: settings() }).split("\n");
  const [before, after] = [render(services), render([...services, { name: "new", unit: "zz.service" }])];
  const at = after.indexOf(`\t\tregex         = "zz\\\\.service"`) - 2;
  expect(after.splice(at, 7)).toEqual([
    "\trule {",
    `\t\tsource_labels = ["unit"]`,
    `\t\tregex         = "zz\\\\.service"`,
    `\t\ttarget_label  = "service_name"`,
    `\t\treplacement   = "new"`,
    "\t}",
    "",
  ]);
  expect(after).toEqual(before);
});

test("no component of two environments has the same name", () => {
  const names = ["a", "a-b", "a-b-lines", "a-lines", "a-fields", "a-b-fields"].flatMap((environment) =>
    [...renderLogs({ environment, services, settings: settings() }).matchAll(/^(\S+) "(\w+)" \{$/gm)].map(
      ([, name, label]) => `${name} ${label}`,
    ),
  );
  expect(names).toHaveLength(36);
  expect(new Set(names).size).toBe(names.length);
});
