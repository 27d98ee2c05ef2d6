import { mkdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { environmentAlerts, logAlerts, platformAlerts } from "../alert-names";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grafanaAuthOf } from "../../sandbox/host/host";
import { backendNames } from "../../sandbox/tools/backends";
import { declaredDashboards, expressions, grafanaOn, startReceiver } from "./harness/grafana";
import { attributesOf, linesInLoki, type Trace } from "./harness/downstream";
import { linksOf, type LinkSettings } from "./harness/span-links";
import { TestStack } from "./harness/stack";

const services = [
  {
    name: "soar-run",
    port: 9091,
    unit: "soar-run.service",
    metrics: true,
    profiles: ["cpu", "heap"],
    interval: "10s",
    duration: "5s",
  },
  { name: "soar-web", port: 9092, interval: "10s", duration: "5s" },
  {
    name: "soar-named",
    port: 9199,
    unit: "soar-named.service",
    metrics: true,
    telemetryName: "named",
    interval: "10s",
    duration: "5s",
  },
];

/** A service that calls itself `named` in OpenTelemetry, and sends its spans to Alloy. */
const namedService =
  "systemd-run --quiet --unit=soar-named --setenv=OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 " +
  "--property=DynamicUser=yes /usr/local/bin/soar-service --name named --port 9199";

const prometheus = { url: "http://127.0.0.1:9090" };

describe("Grafana", { timeout: 480_000 }, async () => {
  const stack = await TestStack.create("grafana", { host: { backends: backendNames } });
  const auth = await grafanaAuthOf(stack.host);
  const receiver = await startReceiver(stack.host.gateway);
  const grafana = {
    url: "http://127.0.0.1:3000",
    tunnel: 13_000 + Number(stack.host.address.split(".")[2]),
    datasources: { tempo: "http://127.0.0.1:3200" },
    alerts: { webhook: receiver.url, replaceNotificationPolicy: true },
  };
  stack.configure(
    {
      services,
      prometheus,
      logs: { url: "http://127.0.0.1:3100" },
      traces: { url: "http://127.0.0.1:4320" },
      grafana,
    },
    { grafanaAuth: auth },
  );
  afterAll(() => {
    receiver.stop();
  });

  /** A second environment on the same host, in the same Grafana. */
  const staging = await TestStack.on(stack.host, { environment: "staging" }, "staging");
  staging.configure(
    {
      platform: { stack: "organization/soar-profiling/sandbox" },
      prometheus,
      repository: undefined,
      pyroscope: undefined,
      alloy: undefined,
      services: [{ name: "soar-run-staging", port: 9192, interval: "10s", duration: "5s", metrics: true }],
      grafana: { url: grafana.url, tunnel: grafana.tunnel },
    },
    { grafanaAuth: auth },
  );

  const { api, query, rule } = grafanaOn(stack, grafana.url, auth);

  let created = 0;

  test("has what is declared, all of it through the SSH tunnel", async () => {
    await stack.operator(namedService);
    const { changes } = await stack.up();
    expect(Object.keys(changes)).toEqual(["create"]);
    created = changes["create"] ?? 0;
    const {
      grafana: url,
      explore,
      tunnel,
    } = (await stack.outputs())["urls"]?.value as Record<string, unknown>;
    expect(url).toBe("http://127.0.0.1:3000");
    expect(tunnel).toContain("-L 3000:127.0.0.1:3000");
    expect(Object.keys(explore as object).sort()).toEqual(["soar-named", "soar-run", "soar-web"]);

    const sources = (await api("/api/datasources")) as Record<string, unknown>[];
    const described = sources.map(
      ({ uid, type, url: where }) => `${String(uid)} ${String(type)} ${String(where)}`,
    );
    expect(described.sort()).toEqual([
      "sandbox-loki loki http://127.0.0.1:3100",
      "sandbox-prometheus prometheus http://127.0.0.1:9090",
      "sandbox-pyroscope grafana-pyroscope-datasource http://127.0.0.1:4040",
      "sandbox-tempo tempo http://127.0.0.1:3200",
    ]);
    expect(await api("/api/datasources/uid/sandbox-loki")).toMatchObject({
      jsonData: {
        derivedFields: [
          { datasourceUid: "sandbox-tempo", url: "${__value.raw}" },
          { datasourceUid: "sandbox-tempo", matcherType: "label" },
        ],
      },
    });
    const found = (await api("/api/search")) as Record<string, unknown>[];
    expect(found.map(({ uid, folderUid = "" }) => `${String(folderUid)}/${String(uid)}`).sort()).toEqual([
      "/sandbox-profiling",
      "sandbox-profiling/sandbox-pipeline",
      "sandbox-profiling/sandbox-profiles",
    ]);
    const declared = await declaredDashboards(stack);
    for (const dashboard of declared) {
      const { dashboard: stored } = (await api(`/api/dashboards/uid/${dashboard.uid}`)) as {
        dashboard: object;
      };
      expect(stored).toMatchObject(dashboard);
    }
    expect(declared).toHaveLength(2);
    const group = await api("/api/v1/provisioning/folder/sandbox-profiling/rule-groups/Profiling%20pipeline");
    expect(group).toMatchObject({ interval: 30 });
    expect((group as { rules: { title: string }[] }).rules.map(({ title }) => title)).toEqual([
      ...environmentAlerts,
      ...logAlerts,
      ...platformAlerts,
    ]);
    expect(await api("/api/v1/provisioning/policies")).toMatchObject({
      receiver: "SOAR profiling (sandbox)",
    });
  });

  test("is looked at by verify, which names a datasource that points elsewhere", async () => {
    const datasources = async (): Promise<string[]> => {
      const { report } = await stack.verify("soar-run");
      const found = report.checks.filter(({ name }) => name.startsWith("datasource "));
      return found.map(({ name, state, detail }) => `${state} ${name}: ${detail}`);
    };
    expect(await datasources()).toEqual([
      "ok datasource sandbox-pyroscope: http://127.0.0.1:4040",
      "ok datasource sandbox-prometheus: http://127.0.0.1:9090",
      "ok datasource sandbox-loki: http://127.0.0.1:3100",
      "ok datasource sandbox-tempo: http://127.0.0.1:3200",
    ]);
    const pyroscope = "/api/datasources/uid/sandbox-pyroscope";
    const pointTo = async (url: string): Promise<unknown> =>
      api(pyroscope, { ...((await api(pyroscope)) as object), url }, "PUT");
    await pointTo("http://127.0.0.1:4100");
    expect(await datasources()).toContain(
      "broken datasource sandbox-pyroscope: points at http://127.0.0.1:4100, and http://127.0.0.1:4040 is declared",
    );
    await pointTo("http://127.0.0.1:4040");
  });

  test("reads Prometheus and Loki: health, and every query of the dashboards and rules", async () => {
    const health = (): Promise<unknown> => api("/api/datasources/uid/sandbox-prometheus/health");
    await expect.poll(health, { timeout: 60_000, interval: 2000 }).toMatchObject({ status: "OK" });
    // Grafana 10.0 has no such check for Loki: its own page asks for the labels.
    const since = `${Date.now() - 600_000}000000`;
    const labels = (): Promise<unknown> =>
      api(`/api/datasources/uid/sandbox-loki/resources/labels?start=${since}`);
    await expect.poll(labels, { timeout: 60_000, interval: 2000 }).toMatchObject({
      status: "success",
      data: expect.arrayContaining(["service_name", "environment"]) as unknown,
    });
    const lines = (): Promise<number> => query("loki", '{service_name="soar-run",environment="sandbox"}');
    await expect.poll(lines, { timeout: 60_000, interval: 2000 }).toBeGreaterThan(0);

    const { panels, rules } = await expressions(stack);
    const sent = panels.find((expr) => expr.startsWith("sum by (service_name, kind)")) ?? "";
    await expect.poll(() => query("prometheus", sent), { timeout: 90_000, interval: 3000 }).toBe(4);
    await expect
      .poll(() => query("prometheus", `(${sent}) > 0`), { timeout: 90_000, interval: 3000 })
      .toBe(4);
    const values = async (expr: string): Promise<boolean> => (await query("prometheus", expr)) > 0;
    for (const expr of panels) {
      // Nothing was dropped or discarded, and no search was made; a day's changes take longer than that to have two values.
      const isEmptyNow = /increase\(|discarded|querier_v1|\[1d\]/.test(expr);
      if (isEmptyNow) await values(expr);
      else
        await expect.poll(() => values(expr), { message: expr, timeout: 60_000, interval: 3000 }).toBe(true);
    }
    for (const expr of rules) await query("prometheus", expr);
    expect(rules).toHaveLength(16);
    for (const metric of ["profiling:filesystem_avail_bytes", "pyroscope_write_sent_bytes_total"]) {
      expect(await query("prometheus", metric), metric).toBeGreaterThan(0);
    }
  });

  test("of a service that OpenTelemetry calls otherwise, a log line leads to its trace, and that to its logs, metrics and profiles", async () => {
    const settingsOf = async <T>(uid: string): Promise<T> =>
      ((await api(`/api/datasources/uid/${uid}`)) as { jsonData: T }).jsonData;
    const { derivedFields } = await settingsOf<{ derivedFields: { matcherRegex: string }[] }>("sandbox-loki");
    const tracesIn = async (): Promise<string[]> => {
      const lines = await linesInLoki(stack, '{service_name="soar-named"} |= "trace_id="');
      return lines.flatMap((line) => new RegExp(derivedFields[0]?.matcherRegex ?? "").exec(line)?.[1] ?? []);
    };
    const traceOf = (id: string): Promise<unknown> =>
      api(`/api/datasources/proxy/uid/sandbox-tempo/api/traces/${id}`);
    // The service has run longer than Alloy, which took no spans of its first lines.
    const stored = async (): Promise<string | undefined> => {
      for (const id of await tracesIn()) if ((await traceOf(id)) !== "404") return id;
      return undefined;
    };
    await expect.poll(stored, { timeout: 90_000, interval: 2000 }).toBeDefined();
    const traceId = (await stored()) ?? "";
    const attributes = attributesOf((await traceOf(traceId)) as Trace);
    expect(attributes).toMatchObject({ "service.name": "named", "soar.service": "soar-named" });

    const settings = await settingsOf<LinkSettings>("sandbox-tempo");
    const { logs, metrics, profiles } = linksOf(settings, attributes, traceId);
    expect(logs.uid).toBe("sandbox-loki");
    expect(logs.query).toMatch(/^\{service_name="soar-named"\} \|/);
    expect(logs.query).toContain(traceId);
    expect(await query("loki", logs.query)).toBeGreaterThan(0);
    expect(metrics).toEqual({ uid: "sandbox-prometheus", query: '{service_name="soar-named"}' });
    const series = (): Promise<number> => query("prometheus", metrics.query);
    await expect.poll(series, { timeout: 60_000, interval: 2000 }).toBeGreaterThan(0);
    // This Grafana has no plugin for Pyroscope: it is asked where its datasource says.
    const { url } = (await api(`/api/datasources/uid/${profiles.uid}`)) as { url: string };
    const question = {
      profileTypeID: settings.tracesToProfiles.profileTypeId,
      labelSelector: profiles.query,
      start: Date.now() - 600_000,
      end: Date.now() + 60_000,
      step: 15,
    };
    const ask = `curl -sS -f -H 'Content-Type: application/json' -d '${JSON.stringify(question)}' ${url}/querier.v1.QuerierService/SelectSeries`;
    const found = async (): Promise<unknown> => JSON.parse(await stack.operator(ask));
    await expect
      .poll(found, { timeout: 60_000, interval: 2000 })
      .toMatchObject({ series: [{ points: expect.arrayContaining([expect.anything()]) as unknown }] });
  });

  test("a new git reference of the command is one reload of Alloy, and nothing else changes", async () => {
    const units = ["alloy", "pyroscope", "prometheus"];
    const picture = (): Promise<string> => stack.fingerprint(["/etc/prometheus/prometheus.yml"], units);
    const before = await picture();
    process.env["SOAR_GIT_REF"] = "0123456";
    try {
      const { changes, text } = await stack.up();
      expect(changes).toEqual({ same: created - 1, update: 1 });
      expect(text).toMatch(/profiles: .*alloy\.service reloaded/);
      expect((await stack.outputs())["gitRef"]?.value).toBe("0123456");
      expect(await stack.operator("cat /etc/alloy/conf.d/sandbox-profiles.alloy")).toContain(
        '"service_git_ref" = "0123456"',
      );
      expect((await stack.up()).changes).toEqual({ same: created });
    } finally {
      delete process.env["SOAR_GIT_REF"];
    }
    expect((await stack.up()).changes).toEqual({ same: created - 1, update: 1 });
    expect(await picture()).toBe(before);
  });

  test("a second `up` changes nothing and opens no SSH connection; preview is empty, twice, after a refresh too", async () => {
    const logins = await stack.logins();
    expect((await stack.up()).changes).toEqual({ same: created });
    expect((await stack.preview()).changes).toEqual({ same: created });
    expect((await stack.preview()).changes).toEqual({ same: created });
    expect(await stack.logins()).toBe(logins);
    expect((await stack.preview({ refresh: true, runProgram: true })).changes).toEqual({ same: created });
  });

  test("a change by hand is noticed by `pulumi refresh`, by a preview with it, and put back", async () => {
    const path = "/api/datasources/uid/sandbox-loki";
    const source = (await api(path)) as object;
    await api(path, { ...source, url: "http://192.0.2.1:3100" }, "PUT");
    const preview = await stack.preview({ refresh: true, runProgram: true });
    expect(preview.changes).toEqual({ same: created - 1, update: 1 });
    expect(preview.text).toContain("http://192.0.2.1:3100");
    expect(await stack.refresh({ runProgram: true })).toEqual({ same: created - 1, update: 1 });
    expect((await stack.up()).changes).toEqual({ same: created - 1, update: 1 });
    expect(await api(path)).toMatchObject({ url: "http://127.0.0.1:3100" });
  });

  test("an alert fires, and tells its receiver, while Alloy is stopped, and ends when it runs", async () => {
    const seen = async (): Promise<string | undefined> => (await rule("ProfilingTargetDown"))?.lastEvaluation;
    const state = async (): Promise<string | undefined> => (await rule("ProfilingTargetDown"))?.state;
    await expect.poll(state, { timeout: 60_000, interval: 3000 }).toBe("inactive");
    // Else both of its addresses need not be missed by the same look of Grafana, which tells of what comes later in minutes only.
    const before = await seen();
    await expect.poll(seen, { timeout: 90_000, interval: 1000 }).not.toBe(before);
    await stack.operator("systemctl stop alloy");
    await expect.poll(state, { timeout: 240_000, interval: 3000 }).toBe("firing");
    // No service is called silent because of it.
    const told = (): unknown => receiver.alerts.filter(({ status }) => status === "firing");
    await expect.poll(told, { timeout: 60_000, interval: 1000 }).toMatchObject(
      ["alloy", "host"].map((job) => ({
        labels: { alertname: "ProfilingTargetDown", environment: "sandbox", severity: "critical", job },
        annotations: {
          summary: `${job} (sandbox) does not answer Prometheus`,
          description: "No metrics from 127.0.0.1:12345 for 2 minutes.",
        },
      })),
    );
    await stack.operator("systemctl start alloy");
    await expect.poll(state, { timeout: 90_000, interval: 3000 }).toBe("inactive");
  });

  test("another environment uses the same datasources, and leaves them when it goes", async () => {
    const before = await api("/api/search");
    const sources = await api("/api/datasources");
    expect(Object.keys((await staging.up()).changes)).toEqual(["create"]);
    expect(await api("/api/datasources")).toEqual(sources);
    const found = (await api("/api/search")) as Record<string, unknown>[];
    const ofStaging = found.map(({ uid }) => String(uid)).filter((uid) => uid.startsWith("staging"));
    expect(ofStaging.sort()).toEqual(["staging-pipeline", "staging-profiles", "staging-profiling"]);
    expect(await stack.destroyFails()).toContain("staging");
    expect(await api("/api/search")).toEqual(found);
    const text = JSON.stringify(await declaredDashboards(staging));
    expect([...new Set(text.match(/"uid":"[^"]*"/g))].sort()).toEqual([
      '"uid":"sandbox-prometheus"',
      '"uid":"sandbox-pyroscope"',
      '"uid":"staging-pipeline"',
      '"uid":"staging-profiles"',
    ]);
    await staging.destroy({ runProgram: true });
    expect(await api("/api/search")).toEqual(before);
    expect(await api("/api/datasources")).toEqual(sources);
  });

  test("a datasource of the operator's is used by its uid, with none of ours beside it, and stays the default one", async () => {
    const theirs = { uid: "of-operators", name: "Logs", type: "loki", url: "http://127.0.0.1:3100" };
    await api("/api/datasources", { ...theirs, access: "proxy", isDefault: true });
    const useForLogs = (uid: string): void => {
      const datasources = { ...grafana.datasources, loki: { uid } };
      stack.configure({ grafana: { ...grafana, datasources } });
    };
    const setting = "- grafana.datasources.loki.uid: ";
    useForLogs("nowhere");
    const known = "of type loki it has of-operators (Logs), sandbox-loki (Loki (sandbox))";
    expect(await stack.upFails()).toContain(
      `${setting}Grafana has no datasource with the uid nowhere; ${known}`,
    );
    useForLogs("sandbox-prometheus");
    expect(await stack.upFails()).toContain(
      `${setting}the datasource sandbox-prometheus (Prometheus (sandbox)) is of type prometheus, not loki; ${known}`,
    );
    useForLogs(theirs.uid);
    // The destroy that was refused has taken away what it asks first.
    const checks = { create: 3 };
    expect((await stack.up()).changes).toEqual({ same: created - 5, update: 1, delete: 1, ...checks });
    const sources = (await api("/api/datasources")) as { uid: string; isDefault: boolean }[];
    expect(sources.map(({ uid, isDefault }) => `${uid} ${String(isDefault)}`).sort()).toEqual([
      "of-operators true",
      "sandbox-prometheus false",
      "sandbox-pyroscope false",
      "sandbox-tempo false",
    ]);
    expect(await api("/api/datasources/uid/sandbox-tempo")).toMatchObject({
      jsonData: { tracesToLogsV2: { datasourceUid: theirs.uid } },
    });
    const logins = await stack.logins();
    expect((await stack.up()).changes).toEqual({ same: created - 1 });
    expect(await stack.logins()).toBe(logins);
  });

  describe("the operators' own files", () => {
    const source = { type: "prometheus", uid: "${DS_PROMETHEUS}" };
    const board = (uid: string, title: string, panel: string): string =>
      JSON.stringify({
        __inputs: [{ name: "DS_PROMETHEUS", type: "datasource", pluginId: "prometheus" }],
        id: 5,
        version: 9,
        uid,
        title,
        panels: [
          {
            id: 1,
            type: "timeseries",
            title: panel,
            datasource: source,
            targets: [{ refId: "A", expr: "up" }],
          },
        ],
      });
    const ruleFile = (expr: string): string =>
      `groups:\n  - name: ogn\n    rules:\n      - alert: OgnSilent\n        expr: ${expr}\n`;
    const exported = {
      apiVersion: 1,
      groups: [
        {
          name: "NATS",
          folder: "Elsewhere",
          interval: "1m",
          rules: [
            {
              uid: "of-another-grafana",
              title: "NatsErrors",
              condition: "C",
              for: "5m",
              data: [
                {
                  refId: "A",
                  relativeTimeRange: { from: 600, to: 0 },
                  model: { refId: "A", expr: "up == 0", instant: true, datasource: { type: "prometheus" } },
                },
                {
                  refId: "C",
                  datasourceUid: "__expr__",
                  model: { refId: "C", type: "math", expression: "$A > 0" },
                },
              ],
            },
          ],
        },
      ],
    };
    let place: string;
    const write = async (file: string, text: string): Promise<void> => {
      await mkdir(path.dirname(path.join(place, file)), { recursive: true });
      await writeFile(path.join(place, file), text);
    };

    beforeAll(async () => {
      place = (await stack.operation("verify-stack.ts")).cwd;
      const set = stack.setting("grafana") as object;
      stack.configure({ grafana: { ...set, dashboards: "./dashboards", rules: "./rules" } });
      await write("rules/ogn.yml", ruleFile("up == 0"));
      await write("rules/nats.json", JSON.stringify(exported));
    });

    test("are refused at preview with all that is wrong with them", async () => {
      await write("dashboards/web.json", board("sandbox-profiles", "Web", "Requests"));
      await write("dashboards/api.json", "{");
      const { text } = await stack.previewFails();
      expect(text).toContain("Files that cannot be used:");
      expect(text).toContain("- dashboards/api.json: is no JSON");
      expect(text).toContain('- dashboards/web.json: has the uid "sandbox-profiles" of one of the stack');
      await rm(path.join(place, "dashboards/api.json"));
    });

    test("come into the folder and to Prometheus, and a change shows key by key", async () => {
      await write("dashboards/web.json", board("web", "Web", "Requests"));
      await stack.up();
      expect(await api("/api/dashboards/uid/web")).toMatchObject({
        meta: { folderUid: "sandbox-profiling" },
        dashboard: { panels: [{ datasource: { uid: "sandbox-prometheus" } }] },
      });
      expect(await api("/api/v1/provisioning/folder/sandbox-profiling/rule-groups/NATS")).toMatchObject({
        interval: 60,
        rules: [{ title: "NatsErrors", data: [{ datasourceUid: "sandbox-prometheus" }, {}] }],
      });
      const loaded = await stack.operator("curl -fsS http://127.0.0.1:9090/api/v1/rules");
      expect(loaded).toContain('"file":"/etc/prometheus/soar-profiling-rules/sandbox.ogn.yml"');
      await write("dashboards/web.json", board("web", "Web", "Requests a second"));
      await write("rules/ogn.yml", ruleFile("up == 1"));
      const { changes, text } = await stack.preview();
      expect(changes["update"]).toBe(2);
      expect(text).toMatch(/~ title *: "Requests" => "Requests a second"/);
      expect(text).toMatch(/- +expr: up == 0/);
      await stack.up();
      const { changes: after } = await stack.preview();
      expect(Object.keys(after)).toEqual(["same"]);
    });

    test("a rule that Prometheus would refuse changes nothing", async () => {
      await write("rules/ogn.yml", ruleFile("sum("));
      expect(await stack.upFails()).toContain("could not parse expression");
      expect(await stack.operator("cat /etc/prometheus/soar-profiling-rules/sandbox.ogn.yml")).toContain(
        "up == 1",
      );
      await write("rules/ogn.yml", ruleFile("up == 1"));
    });

    test("may ask a datasource that only Grafana has, and are refused where it does not have it", async () => {
      const theirs = {
        uid: "their-db",
        name: "SOAR",
        type: "postgres",
        access: "proxy",
        url: "127.0.0.1:5432",
      };
      const datasource = { type: theirs.type, uid: theirs.uid };
      await write(
        "dashboards/db.json",
        JSON.stringify({
          uid: "db",
          title: "DB",
          panels: [{ id: 1, type: "table", title: "Rows", datasource }],
        }),
      );
      expect((await stack.preview()).text).toMatch(
        /warning: grafana\.datasources: Grafana could not be asked whether it has .*their-db: a preview opens grafana\.tunnel only with detectDrift/,
      );
      const refused = await stack.upFails();
      expect(refused).toContain(
        '- dashboards/db.json: panel "Rows": asks the datasource "their-db", and this stack has',
      );
      expect(refused).toContain("Grafana has of-operators (Logs)");
      await api("/api/datasources", theirs);
      await stack.up();
      expect(await api("/api/dashboards/uid/db")).toMatchObject({ dashboard: { panels: [{ datasource }] } });
      const logins = await stack.logins();
      expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
      expect(await stack.logins()).toBe(logins);
      expect((await stack.preview()).text).not.toContain("could not be asked");
      await rm(path.join(place, "dashboards/db.json"));
      await stack.up();
      await api("/api/datasources/uid/their-db", undefined, "DELETE");
    });

    test("what Grafana has made, and Pulumi has no record of, is taken over by the next `up`", async () => {
      const before = await stack.state();
      await write("dashboards/api.json", board("api", "API", "Requests"));
      await stack.up();
      const id = async (): Promise<unknown> =>
        ((await api("/api/dashboards/uid/api")) as { dashboard: { id: number } }).dashboard.id;
      const made = await id();
      await stack.restore(before);
      await stack.up();
      expect(await id()).toBe(made);
      expect(Object.keys((await stack.preview()).changes)).toEqual(["same"]);
    });

    test("what was saved into the folder by hand stops a destroy, before anything is gone", async () => {
      const byHand = { dashboard: { uid: "by-hand", title: "Night shift" }, folderUid: "sandbox-profiling" };
      await api("/api/dashboards/db", byHand);
      const found = await api("/api/search");
      const error: unknown = await stack.destroy({ runProgram: true }).catch((reason: unknown) => reason);
      expect(String(error)).toContain("Night shift (/d/by-hand/night-shift)");
      expect(await api("/api/search")).toEqual(found);
      expect(await stack.status("systemctl is-active alloy")).toBe(0);
      await api("/api/dashboards/uid/by-hand", undefined, "DELETE");
      await stack.up();
    });
  });

  test("`destroy` takes all of it away, through the tunnel of the program that runs for it", async () => {
    await stack.destroy({ runProgram: true });
    expect(await api("/api/datasources")).toMatchObject([{ uid: "of-operators", isDefault: true }]);
    expect(await api("/api/search")).toEqual([]);
    expect(await api("/api/v1/provisioning/alert-rules")).toEqual([]);
    const points = (await api("/api/v1/provisioning/contact-points")) as { name: string }[];
    expect(points.map(({ name }) => name)).not.toContain("SOAR profiling (sandbox)");
    expect(await api("/api/v1/provisioning/policies")).toMatchObject({ receiver: "grafana-default-email" });
    expect(await stack.status("ls /etc/alloy/conf.d/sandbox-*")).toBe(2);
    expect(await stack.status("ls -d /etc/prometheus/soar-profiling-rules")).toBe(2);
  });
});
