import { all, type Input, secret } from "@pulumi/pulumi";
import { alerting, oss, Provider } from "@pulumiverse/grafana";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guardContact } from "../../../components/grafana/contact-guard";
import { guardFolder } from "../../../components/grafana/folder-guard";
import { type LeftBehind, takeOver } from "../../../components/grafana/left-behind";
import { type Engine, type Outcome, startEngine, type TestStack } from "./engine";
import { type GrafanaServer, startGrafana } from "./grafana-server";

interface Declared {
  dataSourceUrl?: string;
  folder?: string;
  panel?: string;
  threshold?: number;
  webhook?: string;
}

/** The contract of the Grafana resources on a real server. With PLUGINS=official it runs against the official plugin. */
describe("grafana", () => {
  let engine: Engine;
  let grafana: GrafanaServer;
  let stack: TestStack;

  beforeAll(async () => {
    grafana = await startGrafana();
    engine = await startEngine();
    stack = await engine.stack("grafana");
  });
  afterAll(async () => {
    engine.stop();
    await grafana.stop();
  });

  const program = (declared: Declared) => (): Promise<Record<string, Input<unknown>>> => {
    const { url, auth } = grafana;
    const options = { provider: new Provider("grafana", { url, auth }) };
    const source = new oss.DataSource(
      "prometheus",
      {
        name: "Prometheus",
        uid: "prometheus",
        type: "prometheus",
        url: declared.dataSourceUrl ?? "http://127.0.0.1:9090",
        jsonDataEncoded: JSON.stringify({ timeInterval: "15s", httpMethod: "POST" }),
        basicAuthEnabled: true,
        basicAuthUsername: "reader",
        secureJsonDataEncoded: JSON.stringify({ basicAuthPassword: "a-password" }),
      },
      options,
    );
    const folder = new oss.Folder("folder", { uid: "soar", title: declared.folder ?? "SOAR" }, options);
    const panels = [{ id: 7, type: "timeseries", title: declared.panel ?? "CPU" }];
    const dashboard = new oss.Dashboard(
      "dashboard",
      {
        folder: folder.uid,
        configJson: JSON.stringify({ uid: "profiles", title: "Profiles", schemaVersion: 38, panels }),
      },
      options,
    );
    const group = new alerting.RuleGroup(
      "rules",
      {
        name: "pipeline",
        folderUid: folder.uid,
        intervalSeconds: 60,
        rules: [
          {
            name: "Nothing arrives",
            condition: "C",
            for: "5m",
            labels: { severity: "warning" },
            datas: [
              {
                refId: "A",
                datasourceUid: source.uid,
                relativeTimeRange: { from: 600, to: 0 },
                model: JSON.stringify({ refId: "A", expr: "up", instant: true }),
              },
              {
                refId: "C",
                datasourceUid: "__expr__",
                relativeTimeRange: { from: 0, to: 0 },
                model: JSON.stringify({
                  refId: "C",
                  type: "threshold",
                  expression: "A",
                  conditions: [{ evaluator: { type: "lt", params: [declared.threshold ?? 1] } }],
                }),
              },
            ],
          },
        ],
      },
      options,
    );
    const contact = new alerting.ContactPoint(
      "contact",
      {
        name: "on call",
        emails: [{ addresses: ["a@example.org", "b@example.org"], singleEmail: true }],
        webhooks: [
          {
            url: declared.webhook ?? "http://127.0.0.1:9999/alert",
            basicAuthUser: "alerts",
            basicAuthPassword: secret("hook-password"),
          },
        ],
      },
      options,
    );
    const ids = all([source.id, folder.id, dashboard.id, group.id, contact.id]);
    const rule = group.rules.apply((rules) => rules[0]?.uid);
    const receiver = contact.emails.apply((emails) => emails?.[0]?.uid);
    return Promise.resolve({ ids, rule, receiver, url: dashboard.url, folderUrl: folder.url });
  };

  const run = async (operation: Promise<Outcome>): Promise<Outcome> => {
    const outcome = await operation;
    expect(outcome.error).toBeUndefined();
    return outcome;
  };

  let first: Record<string, unknown>;

  it("makes each resource as it was declared, with the official ids", async () => {
    const outcome = await run(stack.up(program({})));
    first = outcome.outputs;
    expect(outcome.changes).toEqual({ create: 7 });
    expect(first["ids"]).toEqual(["1:prometheus", "1:soar", "1:profiles", "1:soar:pipeline", "1:on call"]);
    expect(first["url"]).toBe(`${grafana.url}/d/profiles/profiles`);
    expect(first["folderUrl"]).toBe(`${grafana.url}/dashboards/f/soar/soar`);

    expect(await grafana.api("GET", "/api/datasources/uid/prometheus")).toMatchObject({
      name: "Prometheus",
      type: "prometheus",
      url: "http://127.0.0.1:9090",
      access: "proxy",
      basicAuth: true,
      basicAuthUser: "reader",
      secureJsonFields: { basicAuthPassword: true },
      jsonData: { timeInterval: "15s", httpMethod: "POST" },
    });
    expect(await grafana.api("GET", "/api/dashboards/uid/profiles")).toMatchObject({
      dashboard: { title: "Profiles", panels: [{ title: "CPU" }] },
      meta: { folderUid: "soar", folderTitle: "SOAR" },
    });
    const path = "/api/v1/provisioning/folder/soar/rule-groups/pipeline";
    expect(await grafana.api("GET", path)).toMatchObject({
      interval: 60,
      rules: [{ title: "Nothing arrives", for: "5m", condition: "C", labels: { severity: "warning" } }],
    });
    const points = await grafana.api("GET", "/api/v1/provisioning/contact-points?name=on%20call");
    expect(points).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          type: "email",
          settings: { addresses: "a@example.org;b@example.org", singleEmail: true },
        }),
        expect.objectContaining({
          type: "webhook",
          settings: { url: "http://127.0.0.1:9999/alert", username: "alerts", password: "[REDACTED]" },
        }),
      ]),
    );
  });

  it("changes nothing the second time, and finds nothing changed", async () => {
    expect((await run(stack.up(program({})))).changes).toEqual({ same: 7 });
    expect((await run(stack.refresh())).changes).toEqual({ same: 7 });
    expect((await run(stack.preview(program({})))).changes).toEqual({ same: 7 });
  });

  it("keeps secrets secret in the state", () => {
    const provider = stack.state("pulumi:providers:grafana");
    expect(provider.inputs["auth"]).toHaveProperty("ciphertext");
    const source = stack.state("grafana:oss/dataSource:DataSource");
    expect(source.inputs["secureJsonDataEncoded"]).toHaveProperty("ciphertext");
    expect(source.outputs["secureJsonDataEncoded"]).toHaveProperty("ciphertext");
    const contact = stack.state("grafana:alerting/contactPoint:ContactPoint");
    for (const text of ["hook-password", "a-password", grafana.auth]) {
      expect(JSON.stringify([provider, source, contact])).not.toContain(text);
    }
  });

  it("notices what was changed by hand, and puts it back", async () => {
    const source = (await grafana.api("GET", "/api/datasources/uid/prometheus")) as object;
    const edited = { ...source, url: "http://192.0.2.1:9090", jsonData: { httpMethod: "GET" } };
    await grafana.api("PUT", "/api/datasources/uid/prometheus", edited);
    await grafana.api("PUT", "/api/folders/soar", { title: "By hand", overwrite: true });
    const { dashboard } = (await grafana.api("GET", "/api/dashboards/uid/profiles")) as { dashboard: object };
    const dash = { dashboard: { ...dashboard, title: "Also by hand" }, folderUid: "soar", overwrite: true };
    await grafana.api("POST", "/api/dashboards/db", dash);
    const path = "/api/v1/provisioning/folder/soar/rule-groups/pipeline";
    const group = (await grafana.api("GET", path)) as object;
    await grafana.api("PUT", path, { ...group, interval: 120 });
    const points = await grafana.api("GET", "/api/v1/provisioning/contact-points?name=on%20call");
    const email = (points as { type: string; uid: string }[]).find(({ type }) => type === "email");
    const settings = { addresses: "c@example.org" };
    await grafana.api("PUT", `/api/v1/provisioning/contact-points/${email?.uid}`, { ...email, settings });

    expect((await run(stack.refresh())).changes).toEqual({ same: 2, update: 5 });
    expect((await run(stack.up(program({})))).changes).toEqual({ same: 2, update: 5 });
    expect(await grafana.api("GET", "/api/datasources/uid/prometheus")).toMatchObject({
      url: "http://127.0.0.1:9090",
      jsonData: { timeInterval: "15s", httpMethod: "POST" },
    });
    expect(await grafana.api("GET", "/api/folders/soar")).toMatchObject({ title: "SOAR" });
    expect((await run(stack.refresh())).changes).toEqual({ same: 7 });
  });

  it("updates in place, so that rules and receivers keep their uids", async () => {
    const next = {
      dataSourceUrl: "http://127.0.0.1:9091",
      folder: "Profiling",
      panel: "Heap",
      threshold: 2,
      webhook: "http://127.0.0.1:9999/other",
    };
    const outcome = await run(stack.up(program(next)));
    expect(outcome.changes).toEqual({ same: 2, update: 5 });
    expect(outcome.outputs).toMatchObject({ rule: first["rule"], receiver: first["receiver"] });
    expect(await grafana.api("GET", "/api/dashboards/uid/profiles")).toMatchObject({
      dashboard: { panels: [{ title: "Heap" }] },
      meta: { folderTitle: "Profiling" },
    });
    expect((await run(stack.up(program(next)))).changes).toEqual({ same: 7 });
    await run(stack.up(program({})));
  });

  it("makes again what was deleted by hand", async () => {
    await grafana.api("DELETE", "/api/dashboards/uid/profiles");
    await grafana.api("DELETE", "/api/datasources/uid/prometheus");
    expect((await run(stack.refresh())).changes).toEqual({ same: 5, delete: 2 });
    expect((await run(stack.up(program({})))).changes).toMatchObject({ create: 2 });
    expect(await grafana.api("GET", "/api/dashboards/uid/profiles")).toBeDefined();
  });

  it("replaces the tree of notification policies, notices other hands, and brings back Grafana's own", async () => {
    const policies = "/api/v1/provisioning/policies";
    const own = await grafana.api("GET", policies);
    const other = await engine.stack("policies");
    const declared = (groupWait: string) => (): Promise<void> => {
      const options = { provider: new Provider("grafana", { url: grafana.url, auth: grafana.auth }) };
      const contact = new alerting.ContactPoint(
        "contact",
        { webhooks: [{ url: "http://a.example" }] },
        options,
      );
      const nested = {
        contactPoint: contact.name,
        matchers: [{ label: "severity", match: "=", value: "critical" }],
        groupBies: ["..."],
        repeatInterval: "1h",
      };
      const groupBies = ["grafana_folder", "alertname"];
      new alerting.NotificationPolicy(
        "policy",
        { contactPoint: contact.name, groupBies, groupWait, policies: [nested] },
        options,
      );
      return Promise.resolve();
    };
    await run(other.up(declared("45s")));
    const { id, inputs } = other.state("grafana:alerting/notificationPolicy:NotificationPolicy");
    expect(id).toBe("1:policy");
    const tree = {
      receiver: inputs["contactPoint"],
      group_by: ["grafana_folder", "alertname"],
      group_wait: "45s",
      routes: [
        {
          receiver: inputs["contactPoint"],
          group_by: ["..."],
          repeat_interval: "1h",
          object_matchers: [["severity", "=", "critical"]],
        },
      ],
    };
    expect(await grafana.api("GET", policies)).toEqual({ ...tree, provenance: "api" });
    expect((await run(other.refresh())).changes).toEqual({ same: 4 });
    expect((await run(other.up(declared("45s")))).changes).toEqual({ same: 4 });

    await grafana.api("PUT", policies, { ...tree, group_wait: undefined, routes: undefined });
    expect((await run(other.refresh())).changes).toEqual({ same: 3, update: 1 });
    expect((await run(other.up(declared("0m50s")))).changes).toEqual({ same: 3, update: 1 });
    expect(await grafana.api("GET", policies)).toEqual({ ...tree, group_wait: "50s", provenance: "api" });
    await run(other.destroy());
    expect(await grafana.api("GET", policies)).toEqual(own);
  });

  it("shows what changes in a dashboard, key by key", async () => {
    const { output } = await run(stack.preview(program({ panel: "Heap" }), true));
    expect(output).toMatch(/configJson *: \(json\)/);
    expect(output).toMatch(/~ title *: "CPU" => "Heap"/);
  });

  it("takes over what an `up` has left that was ended, and puts right what differs", async () => {
    await grafana.api("POST", "/api/folders", { uid: "left", title: "Left" });
    const data = {
      uid: "left-loki",
      name: "Left",
      type: "loki",
      access: "proxy",
      url: "http://127.0.0.1:3100",
    };
    await grafana.api("POST", "/api/datasources", { ...data, jsonData: { maxLines: 1000 } });
    const board = {
      uid: "left-board",
      title: "Left behind",
      panels: [{ id: 1, type: "text", title: "Here" }],
    };
    await grafana.api("POST", "/api/dashboards/db", { dashboard: board, folderUid: "left" });
    const other = await engine.stack("left");
    const declared =
      (left: LeftBehind, title = "Here") =>
      (): Promise<void> => {
        const provider = new Provider("grafana", { url: grafana.url, auth: grafana.auth });
        const options = { provider, transformations: [takeOver(left)] };
        const folder = new oss.Folder("folder", { uid: "left", title: "Left" }, options);
        new oss.DataSource(
          "loki",
          {
            uid: "left-loki",
            name: "Left",
            type: "loki",
            url: data.url,
            jsonDataEncoded: '{"maxLines":1000}',
          },
          options,
        );
        const panels = [{ id: 1, type: "text", title }];
        const configJson = JSON.stringify({ ...board, panels });
        new oss.Dashboard("board", { folder: folder.uid, configJson }, options);
        return Promise.resolve();
      };
    expect((await other.up(declared({}))).error).toMatch(/folder|already exists|412/);
    const left = { folder: "left", loki: "left-loki", board: "left-board" };
    await run(other.up(declared(left, "There")));
    expect(await grafana.api("GET", "/api/dashboards/uid/left-board")).toMatchObject({
      dashboard: { panels: [{ title: "There" }] },
    });
    expect((await run(other.up(declared({}, "There")))).changes).toEqual({ same: 5 });
    expect((await run(other.refresh())).changes).toEqual({ same: 5 });
    expect((await run(other.destroy())).changes).toEqual({ delete: 5 });
  });

  it("is asked in time whether somebody has saved into a folder", async () => {
    const other = await engine.stack("others");
    const declared = (): Promise<void> => {
      const { url, auth } = grafana;
      const provider = new Provider("grafana", { url, auth });
      const folder = new oss.Folder("folder", { uid: "ours", title: "Ours" }, { provider });
      const configJson = JSON.stringify({ uid: "own", title: "Own" });
      const board = new oss.Dashboard("board", { folder: folder.uid, configJson }, { provider });
      const args = { url, auth: secret(auth), uid: "ours", title: "Ours", own: ["own"] };
      guardFolder("others", args, { dependsOn: [board] });
      return Promise.resolve();
    };
    await run(other.up(declared));
    const byHand = { dashboard: { uid: "theirs", title: "Night shift" }, folderUid: "ours" };
    await grafana.api("POST", "/api/dashboards/db", byHand);
    const { error = "" } = await other.destroy();
    expect(error).toContain("delete it: Night shift (/d/theirs/night-shift)");
    expect(error).not.toContain(grafana.auth);
    expect(await grafana.api("GET", "/api/dashboards/uid/own")).toBeDefined();
    await grafana.api("DELETE", "/api/dashboards/uid/theirs");
    await run(other.destroy());
    expect(await grafana.api("GET", "/api/folders/ours")).toBeUndefined();
  });

  it("knows no contact point of a rule's own, which later versions do", async () => {
    const health = (await grafana.api("GET", "/api/health")) as { version: string };
    const path = "/api/v1/provisioning/folder/soar/rule-groups/pipeline";
    const before = (await grafana.api("GET", path)) as { rules: object[] };
    const receiver = { receiver: "on call" };
    const rules = before.rules.map((rule) => ({ ...rule, notification_settings: receiver }));
    await grafana.api("PUT", path, { ...before, rules });
    const after = (await grafana.api("GET", path)) as { rules: object[] };
    // A newer Grafana keeps it: then the stack's rules could go to its contact point, beside whatever policies there are.
    expect([health.version, after.rules[0]]).toEqual([
      expect.stringMatching(/^10\.0\./),
      expect.not.objectContaining({ notification_settings: receiver }),
    ]);
  });

  it("is asked which notification policies use a contact point, before that goes", async () => {
    const other = await engine.stack("policies");
    const withContact = (isThere: boolean) => (): Promise<void> => {
      const { url, auth } = grafana;
      const provider = new Provider("grafana", { url, auth });
      if (!isThere) return Promise.resolve();
      const emails = [{ addresses: ["a@example.org"] }];
      const contact = new alerting.ContactPoint("contact", { name: "ours", emails }, { provider });
      guardContact("policies", { url, auth: secret(auth), name: "ours" }, { dependsOn: [contact] });
      return Promise.resolve();
    };
    await run(other.up(withContact(true)));
    const policies = "/api/v1/provisioning/policies";
    const before = (await grafana.api("GET", policies)) as { receiver: string };
    const critical = [["severity", "=", "critical"]];
    const routes = [
      { receiver: "ours", object_matchers: [["team", "=~", "ogn|web"]] },
      {
        receiver: before.receiver,
        object_matchers: critical,
        routes: [{ receiver: "ours", object_matchers: [["service_name", "!=", "soar-web"]] }],
      },
    ];
    await grafana.api("PUT", policies, { ...before, routes });
    const named = 'delete them: team=~"ogn|web"; severity="critical" > service_name!="soar-web"';
    for (const { error = "" } of [await other.up(withContact(false)), await other.destroy()]) {
      expect(error).toContain(named);
      expect(error).not.toContain(grafana.auth);
    }
    await grafana.api("PUT", policies, { ...before, receiver: "ours" });
    expect((await other.destroy()).error).toContain("delete them: the default policy");
    const points = "/api/v1/provisioning/contact-points?name=ours";
    expect(await grafana.api("GET", points)).toHaveLength(1);
    // What Grafana itself would say.
    const [{ uid }] = (await grafana.api("GET", points)) as [{ uid: string }];
    await expect(grafana.api("DELETE", `/api/v1/provisioning/contact-points/${uid}`)).rejects.toThrow(
      /contact point/,
    );
    await grafana.api("PUT", policies, before);
    await run(other.up(withContact(false)));
    expect(await grafana.api("GET", points)).toEqual([]);
    await run(other.destroy());
  });

  it("says what Grafana answers, and nothing secret", async () => {
    const other = await engine.stack("refused");
    const { error = "" } = await other.up(() => {
      const provider = new Provider("grafana", { url: grafana.url, auth: "admin:wrong-password" });
      new oss.Folder("folder", { title: "Never" }, { provider });
      return Promise.resolve();
    });
    expect(error).toMatch(/status.*401/);
    expect(error).not.toContain("wrong-password");
  });

  it("takes all of it away", async () => {
    expect((await run(stack.destroy())).changes).toEqual({ delete: 7 });
    expect(await grafana.api("GET", "/api/datasources")).toEqual([]);
    expect(await grafana.api("GET", "/api/folders")).toEqual([]);
    expect(await grafana.api("GET", "/api/search")).toEqual([]);
    expect(await grafana.api("GET", "/api/v1/provisioning/alert-rules")).toEqual([]);
    expect(await grafana.api("GET", "/api/v1/provisioning/contact-points?name=on%20call")).toEqual([]);
  });
});
