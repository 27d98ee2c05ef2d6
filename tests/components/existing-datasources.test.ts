import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { checkExisting, existingProblems } from "../../components/grafana/existing";
import { ownUids } from "../../components/grafana/datasources";
import { refusal } from "../../config/refusal";
import { validateSettings } from "../../config/validate";
import { minimal, stackOf } from "./stack";

const listed = [
  { uid: "theirs-prometheus", name: "Prometheus", type: "prometheus" },
  { uid: "theirs-loki", name: "Loki", type: "loki", isDefault: true },
  { uid: "other-loki", name: "Old Loki", type: "loki" },
  { uid: "theirs-pyroscope", name: "Pyroscope", type: "grafana-pyroscope-datasource" },
];

/** What Grafana is asked, and its status. */
let asked: string[] = [];
let status = 200;
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(status, { Connection: "close" }).end(JSON.stringify(listed));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  asked = [];
  status = 200;
});

const secrets = { grafanaAuth: pulumi.secret("admin:s3ntinel") };
const values = {
  ...minimal,
  environment: "production",
  prometheus: { url: "http://127.0.0.1:9090" },
  services: [{ name: "soar-run", port: 9091, unit: "soar-run.service" }],
  logs: { url: "http://127.0.0.1:3100" },
};
const withDatasources = (datasources: object, more: object = {}): Record<string, unknown> => ({
  ...values,
  grafana: { url, datasources, ...more },
});
const own = { tempo: "http://127.0.0.1:3200" };
const theirs = {
  pyroscope: { uid: "theirs-pyroscope" },
  prometheus: { uid: "theirs-prometheus" },
  loki: { uid: "theirs-loki" },
};
const authorization = `Basic ${Buffer.from("admin:s3ntinel").toString("base64")}`;

type Resources = Awaited<ReturnType<typeof stackOf>>;
const made = (resources: Resources, type: RegExp): string[] =>
  resources.filter((resource) => type.test(resource.type)).map(({ name }) => name);

describe("a stack that uses datasources by their uid", () => {
  test("makes none beside them, and what refers to them has their uid", async () => {
    const grafana = { alerts: { emails: ["ops@example.org"] } };
    const resources = await stackOf(withDatasources({ ...theirs, ...own }, grafana), secrets);
    expect(made(resources, /dataSource/)).toEqual(["soar-grafana-tempo"]);
    expect(asked).toEqual([`GET /api/datasources ${authorization}`]);
    const text = (name: string): string =>
      JSON.stringify(resources.find((resource) => resource.name === `soar-grafana-${name}`)?.inputs);
    const referred = (name: string): string[] =>
      [...new Set(text(name).match(/(theirs|production)-(pyroscope|prometheus|loki|tempo)/g))].sort();
    expect(referred("profiles")).toEqual(["theirs-pyroscope"]);
    expect(referred("pipeline")).toEqual(["theirs-prometheus"]);
    expect(referred("rules")).toEqual(["theirs-prometheus"]);
    expect(referred("tempo")).toEqual([
      "production-tempo",
      "theirs-loki",
      "theirs-prometheus",
      "theirs-pyroscope",
    ]);
  });

  test("gives them to a stack that shares its platform", () => {
    const result = validateSettings(withDatasources({ ...theirs, ...own }), new Set(["grafanaAuth"]));
    if ("issues" in result) throw new Error(JSON.stringify(result.issues));
    expect(ownUids(result.settings)).toEqual({
      pyroscope: "theirs-pyroscope",
      prometheus: "theirs-prometheus",
      loki: "theirs-loki",
      tempo: "production-tempo",
    });
  });

  test("asks Grafana once, and not at all where there are none", async () => {
    await stackOf(withDatasources(theirs), secrets);
    expect(asked).toHaveLength(1);
    asked = [];
    await stackOf(withDatasources(own), secrets);
    expect(asked).toEqual([]);
  });
});

test("no datasource of ours is set to be the default", async () => {
  const resources = await stackOf(withDatasources(own), secrets);
  const sources = resources.filter(({ type }) => type.includes("dataSource"));
  expect(sources).toHaveLength(4);
  for (const { inputs } of sources) expect(inputs).not.toHaveProperty("isDefault");
});

describe("what Grafana lacks", () => {
  test.each<[string, object, string[]]>([
    ["nothing", theirs, []],
    [
      "one of these uids",
      { ...theirs, loki: "loki" },
      [
        "grafana.datasources.loki.uid: Grafana has no datasource with the uid loki; of type loki it has theirs-loki (Loki), other-loki (Old Loki)",
      ],
    ],
    [
      "one, and any of its type",
      { tempo: "tempo" },
      [
        "grafana.datasources.tempo.uid: Grafana has no datasource with the uid tempo; it has none of type tempo: make one there, or set an address here",
      ],
    ],
    [
      "one of the right type",
      { pyroscope: "theirs-loki" },
      [
        "grafana.datasources.pyroscope.uid: the datasource theirs-loki (Loki) is of type loki, not grafana-pyroscope-datasource; of type grafana-pyroscope-datasource it has theirs-pyroscope (Pyroscope)",
      ],
    ],
  ])("%s", (_, set, expected) => {
    const uids = Object.fromEntries(
      Object.entries(set).map(([kind, one]: [string, string | { uid: string }]) => [
        kind,
        typeof one === "string" ? one : one.uid,
      ]),
    );
    expect(existingProblems(uids, listed)).toEqual(expected.map((line) => `- ${line}`));
  });
});

describe("Grafana is asked", () => {
  /** What a run knows of them, and what it warns of. */
  async function check(
    datasources: object,
    {
      isPreview = false,
      last = {},
      asks = [],
      ...more
    }: { isPreview?: boolean; last?: object; asks?: string[]; tunnel?: number } = {},
  ): Promise<{ existing: unknown; warnings: string[] }> {
    const call = (): object => ({
      outputs: {
        "urn:pulumi:a::b::soar:profiling:GrafanaObservability::soar-grafana": { type: "x", outputs: last },
        "urn:pulumi:a::b::grafana:oss/dataSource:DataSource::soar-grafana-loki": {
          type: "grafana:oss/dataSource:DataSource",
          outputs: { uid: "production-loki" },
        },
      },
    });
    const newResource = (): never => {
      throw new Error("nothing is declared here");
    };
    await pulumi.runtime.setMocks({ call, newResource }, "soar-profiling", "test", isPreview);
    const result = validateSettings(withDatasources(datasources, more), new Set(["grafanaAuth"]));
    if ("issues" in result) throw new Error(JSON.stringify(result.issues));
    const { grafana } = result.settings;
    if (grafana === undefined) throw new Error("expected grafana");
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    const access = { address: url, auth: pulumi.secret("token") };
    try {
      const others = asks.map((uid) => ({ file: "a.json", value: { uid, problem: `asks "${uid}"` } }));
      const all = { ...result.settings, grafana };
      const existing = await checkExisting("soar-grafana", all, access, "o/p/s", others);
      return { existing, warnings: warn.mock.calls.map(([message]) => message) };
    } finally {
      warn.mockRestore();
    }
  }

  const uids = { loki: "theirs-loki" };
  const loki = { loki: { uid: "theirs-loki" } };

  test("once, with a token as a bearer: what the last up was content with is not asked for again", async () => {
    expect(await check(loki)).toEqual({ existing: { url, uids }, warnings: [] });
    expect(asked).toEqual(["GET /api/datasources Bearer token"]);
    expect(await check(loki, { last: { existing: { url, uids } } })).toEqual({
      existing: { url, uids },
      warnings: [],
    });
    expect(asked).toHaveLength(1);
    await check(loki, { last: { existing: { url: "http://other", uids } } });
    await check({ loki: { uid: "other-loki" } }, { last: { existing: { url, uids } } });
    expect(asked).toHaveLength(3);
  });

  test("by a preview too, but not through a tunnel", async () => {
    expect((await check(loki, { isPreview: true })).existing).toEqual({ url, uids });
    const behindTunnel = { isPreview: true, tunnel: 13_000 };
    expect(await check(loki, behindTunnel)).toEqual({
      existing: undefined,
      warnings: [
        "grafana.datasources: Grafana could not be asked whether it has theirs-loki: a preview opens grafana.tunnel only with detectDrift",
      ],
    });
    expect(await check(loki, { ...behindTunnel, last: { existing: { url, uids } } })).toEqual({
      existing: { url, uids },
      warnings: [],
    });
    expect(asked).toHaveLength(1);
  });

  test("for what the operators' files ask beside the stack's, and what it does not have is refused with the file", async () => {
    const others = ["other-loki", "theirs-prometheus"];
    const asks = ["theirs-prometheus", "other-loki", "theirs-prometheus"];
    expect(await check({}, { asks })).toEqual({ existing: { url, uids: {}, others }, warnings: [] });
    await check({}, { asks, last: { existing: { url, uids: {}, others } } });
    expect(asked).toHaveLength(1);
    const has =
      "Grafana has theirs-prometheus (Prometheus), theirs-loki (Loki), other-loki (Old Loki), theirs-pyroscope (Pyroscope)";
    // The last one is the stack's own of before, which goes.
    await expect(check({}, { asks: ["other-loki", "nowhere", "production-loki"] })).rejects.toThrow(
      refusal(
        "Files that cannot be used:\n" +
          `- a.json: asks "nowhere". ${has}\n` +
          `- a.json: asks "production-loki". ${has}`,
      ),
    );
    status = 503;
    expect((await check({}, { asks, isPreview: true })).warnings).toEqual([
      "grafana.datasources: Grafana could not be asked whether it has other-loki, theirs-prometheus: it answers with status 503: see the secret grafanaAuth",
    ]);
  });

  test("and what is wrong stops the run, in words alone", async () => {
    await expect(check({ tempo: { uid: "theirs-loki" } })).rejects.toThrow(
      refusal(
        "Invalid configuration:\n" +
          "- grafana.datasources.tempo.uid: the datasource theirs-loki (Loki) is of type loki, not tempo; it has none of type tempo: make one there, or set an address here",
      ),
    );
  });

  test("but not for a datasource of the stack's own, which would be deleted", async () => {
    await expect(check({ loki: { uid: "production-loki" } })).rejects.toThrow(
      "- grafana.datasources.loki.uid: production-loki is the stack's own datasource: leave it out, so that it stays",
    );
    expect(asked).toEqual([]);
  });

  test("and where it does not answer that is a warning, which has no secret", async () => {
    status = 401;
    expect(await check(loki)).toEqual({
      existing: undefined,
      warnings: [
        "grafana.datasources: Grafana could not be asked whether it has theirs-loki: it answers with status 401: see the secret grafanaAuth",
      ],
    });
  });
});
