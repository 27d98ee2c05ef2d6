import { environmentAlerts, logAlerts, platformAlerts } from "../alert-names";
import { rootCertificates } from "node:tls";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test, vi } from "vitest";
import { minimal, stackOf } from "./stack";
import { freePort } from "../../sandbox/free-port";

const grafanaAuth = pulumi.secret("admin:s3ntinel");
const prometheus = { url: "http://127.0.0.1:9090" };
const url = "https://grafana.example";
const services = [
  { name: "soar-run", port: 9091, unit: "soar-run.service", metrics: true, interval: "10s", duration: "5s" },
  { name: "soar-web", port: 9092 },
];
const production = { ...minimal, environment: "production", services, prometheus };
const owner = "org/soar-profiling/prod";

const inGrafana = (resources: Awaited<ReturnType<typeof stackOf>>): typeof resources =>
  resources.filter(({ type }) => /^(grafana|pulumi:providers):/.test(type));

type Named = Record<string, Record<string, unknown>>;

const byName = (resources: Awaited<ReturnType<typeof stackOf>>): Named =>
  Object.fromEntries(
    inGrafana(resources).map(({ name, inputs }) => [name.replace("soar-grafana-", ""), inputs]),
  );

const alertNames = (group: Record<string, unknown> | undefined): string[] =>
  (group?.["rules"] as { name: string }[]).map(({ name }) => name);

const json = (text: unknown): unknown => JSON.parse(String(text));

describe("a stack with Grafana", () => {
  test("declares what it knows, each after what it needs", async () => {
    const logs = { url: "http://127.0.0.1:3100" };
    const datasources = { tempo: "http://127.0.0.1:3200" };
    const resources = await stackOf({ ...production, logs, grafana: { url, datasources } }, { grafanaAuth });
    const all = byName(resources);
    expect(Object.keys(all).sort()).toEqual([
      "folder",
      "loki",
      "pipeline",
      "profiles",
      "prometheus",
      "provider",
      "pyroscope",
      "tempo",
    ]);
    const order = resources.map(({ name }) => name);
    expect(order.indexOf("soar-grafana-folder")).toBeGreaterThan(order.indexOf("soar-profiles-config-files"));
    expect(order.indexOf("soar-grafana-profiles")).toBeGreaterThan(order.indexOf("soar-grafana-tempo"));
    expect(all["provider"]).toEqual({ url, auth: { secret: "admin:s3ntinel" } });
    expect(all["folder"]).toEqual({ uid: "production-profiling", title: "SOAR profiling (production)" });
    expect(all["pyroscope"]).toEqual({
      uid: "production-pyroscope",
      name: "Pyroscope (production)",
      accessMode: "proxy",
      type: "grafana-pyroscope-datasource",
      url: "http://127.0.0.1:4040",
      jsonDataEncoded: '{"minStep":"10s"}',
    });
    expect(all["tempo"]).toMatchObject({ type: "tempo", url: "http://127.0.0.1:3200" });
    expect(json(all["tempo"]?.["jsonDataEncoded"])).toMatchObject({
      tracesToLogsV2: { datasourceUid: "production-loki" },
    });
    for (const [name, uid] of [
      ["profiles", "production-profiles"],
      ["pipeline", "production-pipeline"],
    ] as const) {
      expect(all[name]?.["folder"]).toBe("production-profiling");
      expect(json(all[name]?.["configJson"])).toMatchObject({ uid });
    }
    const guard = resources.find(({ name }) => name === "soar-grafana-others");
    expect(guard?.inputs["environment"]).toMatchObject({ secret: { AUTH: "admin:s3ntinel" } });
    const others = resources.filter(({ type }) => type !== "pulumi:providers:grafana");
    expect(JSON.stringify(others.filter((one) => one !== guard))).not.toContain("s3ntinel");
  });

  test("shows services with profiles, and asks as often as there are metrics", async () => {
    const web = { name: "a-web", port: 9093, profiles: [], interval: "5s", metrics: { interval: "30s" } };
    const all = byName(
      await stackOf({ ...production, services: [web, ...services], grafana: { url } }, { grafanaAuth }),
    );
    expect(all["pyroscope"]).toMatchObject({ jsonDataEncoded: '{"minStep":"10s"}' });
    expect(json(all["prometheus"]?.["jsonDataEncoded"])).toMatchObject({ timeInterval: "30s" });
    expect(all["profiles"]?.["configJson"]).not.toContain("a-web");
    expect(all["pipeline"]?.["configJson"]).not.toContain("== 5");
  });

  test("links spans by the name that Alloy gives them, where they come through it", async () => {
    const grafana = { url, datasources: { tempo: "http://127.0.0.1:3200" } };
    const keyOf = async (more: object): Promise<unknown> => {
      const all = byName(await stackOf({ ...production, ...more, grafana }, { grafanaAuth }));
      const { tracesToProfiles } = json(all["tempo"]?.["jsonDataEncoded"]) as Record<
        string,
        { tags: unknown }
      >;
      return tracesToProfiles?.tags;
    };
    const traces = { url: "http://127.0.0.1:4320" };
    expect(await keyOf({ traces })).toEqual([{ key: "soar.service", value: "service_name" }]);
    expect(await keyOf({})).toEqual([{ key: "service.name", value: "service_name" }]);
  });

  test("has none of it without grafana, and only what is known otherwise", async () => {
    expect(inGrafana(await stackOf(production))).toEqual([]);
    const { prometheus, ...rest } = production;
    expect(prometheus).toBeDefined();
    const resources = await stackOf({ ...rest, grafana: { url } }, { grafanaAuth });
    expect(Object.keys(byName(resources)).sort()).toEqual(["folder", "profiles", "provider", "pyroscope"]);
  });

  test("gives Grafana what it needs to read a Pyroscope and a Loki elsewhere, and a Prometheus behind a password, and keeps it secret", async () => {
    const pyroscope = { remote: { url: "https://profiles.example", tenant: "soar", user: "reader" } };
    const logs = { url: "https://logs.example", user: "loki" };
    const prometheus = { url: "https://localhost:9090", user: "reader", insecureSkipVerify: true };
    const secrets = {
      prometheusPassword: pulumi.secret("m-w"),
      grafanaAuth,
      pyroscopePassword: pulumi.secret("p-w"),
      logsPassword: pulumi.secret("l-w"),
    };
    const resources = await stackOf(
      { ...production, pyroscope, logs, prometheus, grafana: { url } },
      secrets,
    );
    const all = byName(resources);
    expect(all["prometheus"]).toMatchObject({
      url: "https://localhost:9090",
      basicAuthUsername: "reader",
      secureJsonDataEncoded: { secret: '{"basicAuthPassword":"m-w"}' },
    });
    expect(json(all["prometheus"]?.["jsonDataEncoded"])).toMatchObject({ tlsSkipVerify: true });
    expect(all["pyroscope"]).toMatchObject({
      url: "https://profiles.example",
      basicAuthEnabled: true,
      basicAuthUsername: "reader",
      jsonDataEncoded: '{"minStep":"10s","httpHeaderName1":"X-Scope-OrgID"}',
      secureJsonDataEncoded: { secret: '{"basicAuthPassword":"p-w","httpHeaderValue1":"soar"}' },
    });
    expect(all["loki"]).toMatchObject({
      secureJsonDataEncoded: { secret: '{"basicAuthPassword":"l-w"}' },
      basicAuthUsername: "loki",
    });
    const [ca = ""] = rootCertificates;
    const own = byName(
      await stackOf(
        { ...production, pyroscope: { remote: { url: "https://p.example", ca } }, grafana: { url } },
        { grafanaAuth },
      ),
    );
    expect(json(own["pyroscope"]?.["jsonDataEncoded"])).toMatchObject({ tlsAuthWithCACert: true });
    expect(own["pyroscope"]?.["secureJsonDataEncoded"]).toEqual({
      secret: JSON.stringify({ tlsCACert: `${ca}\n` }),
    });
    const titles = json(all["pipeline"]?.["configJson"]) as { panels: { title: string }[] };
    expect(titles.panels.map(({ title }) => title)).not.toContain("Disk free");
  });

  test("declares alert rules, whom they tell, and the policy only where that is said", async () => {
    const alerts = { emails: ["ops@example.org", "b@example.org"], webhook: "https://hook.example/x" };
    const withAlerts = { ...production, grafana: { url, alerts } };
    const all = byName(await stackOf(withAlerts, { grafanaAuth }));
    expect(all["contact"]).toEqual({
      name: "SOAR profiling (production)",
      emails: [{ addresses: ["ops@example.org", "b@example.org"] }],
      webhooks: [{ url: "https://hook.example/x" }],
    });
    expect(all["rules"]).toMatchObject({ folderUid: "production-profiling", intervalSeconds: 30 });
    expect(alertNames(all["rules"])).toEqual([...environmentAlerts, ...platformAlerts]);
    const logs = { url: "http://127.0.0.1:3100", source: "otlp" };
    const withLogs = byName(await stackOf({ ...withAlerts, logs }, { grafanaAuth }));
    expect(alertNames(withLogs["rules"])).toEqual([...environmentAlerts, ...logAlerts, ...platformAlerts]);
    expect(all["policy"]).toBeUndefined();
    // Prometheus records what they read, and tells nobody a second time.
    const rules = async (values: Record<string, unknown>): Promise<string[]> => {
      const resources = await stackOf(values, { grafanaAuth });
      const files = resources.find(({ name }) => name === "soar-prometheus-config-files");
      return String(files?.inputs["stdin"]).match(/(?<=- )(record|alert)(?=:)/g) ?? [];
    };
    expect([...new Set(await rules(withAlerts))]).toEqual(["record"]);
    const { length } = alertNames(all["rules"]);
    const here = await rules({ ...production, grafana: { url } });
    expect(here.filter((kind) => kind === "alert").length).toBe(length);
    const replacing = { url, alerts: { ...alerts, replaceNotificationPolicy: true } };
    const replaced = byName(await stackOf({ ...production, grafana: replacing }, { grafanaAuth }));
    expect(replaced["policy"]).toEqual({
      contactPoint: "SOAR profiling (production)",
      groupBies: ["grafana_folder", "alertname"],
      groupWait: "10s",
    });
  });

  test("says once that only a policy of Grafana's sends to its contact point", async () => {
    const info = vi.spyOn(pulumi.log, "info").mockResolvedValue(undefined);
    const told = async (alerts: object, state: object = {}): Promise<unknown[]> => {
      info.mockClear();
      const known = { "commands of org/soar-profiling/test": state };
      await stackOf({ ...production, grafana: { url, alerts } }, { grafanaAuth }, known);
      return info.mock.calls.map(([words]) => words);
    };
    const emails = ["ops@example.org"];
    expect(await told({ emails })).toEqual([
      "grafana.alerts: alerts reach the contact point SOAR profiling (production) only where a notification policy of Grafana sends " +
        "them there. Grafana's API has no way to add one beside those that are there: add one in Grafana, which matches " +
        'environment="production", or set grafana.alerts.replaceNotificationPolicy',
    ]);
    expect(await told({ emails }, { "soar-grafana-contact": {} })).toEqual([]);
    expect(await told({ emails, replaceNotificationPolicy: true })).toEqual([]);
    info.mockRestore();
  });

  test("asks before its contact point goes who sends to it, unless the policies are its own", async () => {
    const guard = async (grafana: object): Promise<Record<string, unknown> | undefined> => {
      const resources = await stackOf({ ...production, grafana: { url, ...grafana } }, { grafanaAuth });
      return resources.find(({ name }) => name === "soar-grafana-policies")?.inputs;
    };
    const alerts = { emails: ["ops@example.org"] };
    expect(await guard({})).toBeUndefined();
    expect(await guard({ alerts: { ...alerts, replaceNotificationPolicy: true } })).toBeUndefined();
    expect(await guard({ alerts })).toMatchObject({
      create: "nothing",
      delete: "which notification policy of Grafana sends to SOAR profiling (production)",
      environment: {
        secret: { GRAFANA: url, AUTH: "admin:s3ntinel", POINT: "SOAR profiling (production)" },
      },
    });
  });

  test("sends alerts to an address that stays secret", async () => {
    const webhook = "https://hook.example/x?token=s3ntinel";
    const secrets = { grafanaAuth, alertsWebhook: pulumi.secret(webhook) };
    const all = byName(await stackOf({ ...production, grafana: { url, alerts: {} } }, secrets));
    expect(all["contact"]?.["webhooks"]).toEqual({ secret: [{ url: webhook }] });
  });

  test("dials through the tunnel, whose absence a destroy notices first", async () => {
    const grafana = { url: "http://127.0.0.1:3000", tunnel: await freePort() };
    const resources = await stackOf({ ...production, grafana }, { grafanaAuth });
    expect(byName(resources)["provider"]?.["url"]).toBe(`http://127.0.0.1:${grafana.tunnel}`);
    const guard = resources.find(({ name }) => name === "soar-grafana-tunnel");
    expect(guard?.inputs).toMatchObject({
      environment: { MESSAGE: expect.stringContaining("--run-program") as unknown },
    });
    // A destroy goes from the end.
    expect(resources.slice(-4).map(({ name }) => name)).toEqual([
      "soar-platform-guard",
      "soar-grafana-others",
      "soar-grafana-tunnel",
      "soar-reachable",
    ]);
  });
});

describe("a stack on the platform of another", () => {
  const staging = { ...production, environment: "staging", platform: { stack: owner } };
  const platform = {
    environment: "production",
    alloy: { version: "1.10.0-1", httpPort: 12345 },
    pyroscopeUrl: "http://127.0.0.1:4040",
    authenticates: false,
    storage: { version: "1.21.1", retention: 2_592_000 },
  };
  const datasources = { pyroscope: "production-pyroscope", prometheus: "production-prometheus" };

  test("uses the owner's datasources, and declares none again", async () => {
    const alerts = { emails: ["ops@example.org"] };
    const resources = await stackOf(
      { ...staging, grafana: { url, alerts } },
      { grafanaAuth },
      {
        [owner]: { platform: { ...platform, datasources } },
      },
    );
    const all = byName(resources);
    expect(Object.keys(all).sort()).toEqual([
      "contact",
      "folder",
      "pipeline",
      "profiles",
      "provider",
      "rules",
    ]);
    expect(json(all["profiles"]?.["configJson"])).toMatchObject({
      uid: "staging-profiles",
      title: "Profiles (staging)",
      panels: [{ datasource: { uid: "production-pyroscope" } }, {}, {}],
    });
    const pipeline = String(all["pipeline"]?.["configJson"]);
    expect(pipeline).toContain('environment=\\"production\\",job=\\"alloy\\"');
    expect(pipeline).toContain('profiling:interval_seconds{environment=\\"staging\\"}');
    expect(JSON.stringify(all["rules"])).toContain('"datasourceUid":"production-prometheus"');
    expect(alertNames(all["rules"])).toEqual(environmentAlerts);
  });

  test("declares those that it names itself, linked with the owner's", async () => {
    const grafana = { url, datasources: { loki: "https://logs.example", tempo: "https://tempo.example" } };
    const resources = await stackOf(
      { ...staging, grafana },
      { grafanaAuth },
      {
        [owner]: { platform: { ...platform, datasources } },
      },
    );
    const all = byName(resources);
    expect(all["loki"]).toMatchObject({ uid: "staging-loki", url: "https://logs.example" });
    expect(json(all["tempo"]?.["jsonDataEncoded"])).toMatchObject({
      tracesToLogsV2: { datasourceUid: "staging-loki" },
      tracesToProfiles: { datasourceUid: "production-pyroscope" },
    });
  });
});
