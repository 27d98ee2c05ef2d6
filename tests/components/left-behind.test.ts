import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { leftBehind, type LeftBehind } from "../../components/grafana/left-behind";
import { noOperatorFiles } from "../../components/operator/files";
import { stateOf } from "./mocks";
import { minimal, settingsOf, stackOf } from "./stack";

let server: Server;
let url: string;
/** What Grafana answers, by path; 404 otherwise. */
let answers: Record<string, unknown>;
let asked: string[];
beforeEach(async () => {
  [answers, asked] = [{}, []];
  server = createServer(({ url: path = "", headers }, response) => {
    asked.push(path);
    const isKnown = headers.authorization === `Basic ${Buffer.from("admin:s3ntinel").toString("base64")}`;
    response.statusCode = !isKnown ? 401 : path in answers ? 200 : 404;
    response.end(JSON.stringify(answers[path] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const secrets = { grafanaAuth: pulumi.secret("admin:s3ntinel") };
const stack = () => ({
  ...minimal,
  environment: "production",
  prometheus: { url: "http://127.0.0.1:9090" },
  grafana: { url },
});

describe("what an `up` has left in Grafana that was ended", () => {
  const left = async (state: readonly string[], isPreview = false): Promise<LeftBehind> => {
    const outputs = stateOf(Object.fromEntries(state.map((name) => [`soar-grafana-${name}`, {}])));
    await pulumi.runtime.setMocks(
      { newResource: () => ({ id: "", state: {} }), call: () => ({ outputs }) },
      "soar-profiling",
      "test",
      isPreview,
    );
    const settings = settingsOf({ ...stack() }, ["grafanaAuth"]);
    const files = {
      ...noOperatorFiles,
      dashboards: [{ file: "web.json", value: { uid: "web", title: "Web", model: {} } }],
    };
    return leftBehind("soar-grafana", "org/soar-profiling/test", { settings, secrets, files });
  };
  const all = ["provider", "folder", "pyroscope", "prometheus", "profiles", "pipeline", "dashboard-web"];

  test("is asked for only where the state has the provider and lacks something, and not in a preview", async () => {
    expect(await left([])).toEqual({});
    expect(await left(all)).toEqual({});
    expect(await left(["provider"], true)).toEqual({});
    expect(asked).toEqual([]);
  });

  test("is what has the stack's uid, and is what the stack makes", async () => {
    answers = {
      "/api/folders/production-profiling": {
        uid: "production-profiling",
        title: "SOAR profiling (production)",
      },
      "/api/datasources/uid/production-pyroscope": {
        type: "grafana-pyroscope-datasource",
        url: "http://127.0.0.1:4040",
      },
      "/api/datasources/uid/production-prometheus": { type: "prometheus", url: "http://other:9090" },
      "/api/dashboards/uid/production-profiles": {
        meta: { folderUid: "production-profiling" },
        dashboard: {},
      },
      "/api/dashboards/uid/web": { meta: { folderUid: "general" }, dashboard: {} },
    };
    expect(await left(["provider"])).toEqual({
      "soar-grafana-folder": "production-profiling",
      "soar-grafana-pyroscope": "production-pyroscope",
      "soar-grafana-profiles": "production-profiles",
    });
    asked = [];
    expect(await left(all.filter((name) => name !== "folder"))).toEqual({
      "soar-grafana-folder": "production-profiling",
    });
    expect(asked).toEqual(["/api/folders/production-profiling"]);
  });

  test("is nothing where Grafana does not answer", async () => {
    server.closeAllConnections();
    server.close();
    expect(await left(["provider"])).toEqual({});
  });
});

describe("before a destroy", () => {
  /** Asks as the command does; what it says on failure. */
  const ask = async (command = "soar-grafana-others", more: object = {}): Promise<string> => {
    const values = stack();
    const resources = await stackOf({ ...values, grafana: { ...values.grafana, ...more } }, secrets);
    const inputs = resources.find(({ name }) => name === command)?.inputs ?? {};
    const [program = "", ...args] = inputs["interpreter"] as string[];
    const { secret: own } = inputs["environment"] as { secret: Record<string, string> };
    const env = { ...process.env, ...own };
    return promisify(execFile)(program, [...args, String(inputs["delete"])], { env }).then(
      () => "",
      (error: unknown) => (error as { stderr: string }).stderr,
    );
  };
  const path = "/api/search?limit=5000&folderUIDs=production-profiling";
  const own = {
    uid: "production-profiles",
    title: "Profiles",
    url: "/d/p",
    folderUid: "production-profiling",
  };

  test("what somebody has saved into the folder is named, wherever else there is more", async () => {
    answers[path] = [own, { uid: "x", title: "Elsewhere", url: "/d/x", folderUid: "other" }];
    expect(await ask()).toBe("");
    answers[path] = [own, { uid: "n", title: "Night shift", url: "/d/n", folderUid: "production-profiling" }];
    expect(await ask()).toBe(
      "Somebody has saved into the folder SOAR profiling (production) of Grafana, with which it would be deleted. " +
        "Nothing has been removed yet. Move it to another folder, or delete it: Night shift (/d/n)\n",
    );
  });

  test("the notification policies that send to the contact point are named, by what they match", async () => {
    const alerts = { emails: ["ops@example.org"] };
    const askPolicies = (): Promise<string> => ask("soar-grafana-policies", { alerts });
    const policies = "/api/v1/provisioning/policies";
    const theirs = { receiver: "grafana-default-email", group_by: ["alertname"] };
    answers[policies] = { ...theirs, routes: [{ receiver: "others", object_matchers: [["a", "=", "b"]] }] };
    expect(await askPolicies()).toBe("");
    const ours = { receiver: "SOAR profiling (production)" };
    const critical = { object_matchers: [["severity", "=", "critical"]] };
    const below = {
      ...ours,
      object_matchers: [
        ["team", "=~", "ogn|web"],
        ["service_name", "!=", "x"],
      ],
    };
    answers[policies] = { ...ours, routes: [{ ...theirs, ...critical, routes: [below] }, ours] };
    expect(await askPolicies()).toBe(
      "Notification policies of Grafana send to the contact point SOAR profiling (production), which cannot go as long as they do. " +
        "Nothing of the alerts has been removed yet. Let these send to another one, or delete them: the default policy; " +
        'severity="critical" > team=~"ogn|web", service_name!="x"; of all alerts\n',
    );
  });

  test("a Grafana that cannot be asked is named, with the reason", async () => {
    expect(await ask()).toBe(`Grafana at ${url} cannot be asked what is in the folder: status 404\n`);
  });
});
