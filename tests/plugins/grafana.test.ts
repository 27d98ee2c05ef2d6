import { beforeEach, describe, expect, it, vi } from "vitest";
import { contactPoint } from "../../sandbox/plugins/grafana/contact-point";
import { type Kind } from "../../sandbox/plugins/grafana/kind";
import { dashboard, dataSource } from "../../sandbox/plugins/grafana/oss";
import { grafanaProvider } from "../../sandbox/plugins/grafana/provider";
import { ruleGroup, seconds } from "../../sandbox/plugins/grafana/rule-group";
import { type Properties } from "../../sandbox/plugins/values";

const urn = (type: string): string => `urn:pulumi:dev::project::grafana:${type}::main`;
const same = (kind: Kind, one: Properties, other: Properties): void => {
  expect(kind.comparable(one)).toEqual(kind.comparable(other));
};

describe("what means the same", () => {
  it("in a datasource: defaults and the spelling of JSON", () => {
    const given = { name: "a", type: "loki", jsonDataEncoded: '{"b": 1, "a": 2}' };
    const stored = { ...given, accessMode: "proxy", isDefault: false, jsonDataEncoded: '{"a":2,"b":1}' };
    same(dataSource, given, stored);
    expect(dataSource.comparable({ ...stored, isDefault: true })).not.toEqual(dataSource.comparable(given));
  });

  it("in a dashboard: what Grafana numbers by itself, and an id of the folder", () => {
    const given = { folder: "1:soar", configJson: '{"title":"a","panels":[{"id":3,"type":"text"}]}' };
    const stored = {
      folder: "soar",
      configJson: '{"id":9,"version":2,"panels":[{"type":"text"}],"title":"a"}',
    };
    same(dashboard, given, stored);
  });

  it("in rules: defaults, durations, and what Grafana adds to a query", () => {
    const query = { refId: "A", datasourceUid: "p", relativeTimeRange: { from: 60, to: 0 } };
    const given = { rules: [{ name: "r", for: "60m", datas: [{ ...query, model: '{"expr":"up"}' }] }] };
    const model = '{"expr":"up","intervalMs":1000,"maxDataPoints":43200}';
    const stored = [
      { uid: "u", name: "r", for: "1h0m0s", labels: {}, datas: [{ ...query, queryType: "", model }] },
    ];
    same(ruleGroup, given, { rules: stored });
    const faster = [{ name: "r", for: "60m", datas: [{ ...query, model: model.replace("1000", "500") }] }];
    expect(ruleGroup.comparable({ rules: faster })).not.toEqual(ruleGroup.comparable(given));
  });

  it.each([
    ["0", 0],
    ["90s", 90],
    ["1h30m", 5400],
    ["1d", 86_400],
  ])("a duration %s is %d seconds", (text, expected) => {
    expect(seconds(text)).toBe(expected);
  });

  it("takes values that preview does not know", () => {
    expect(() => ruleGroup.comparable({ rules: "unknown" })).not.toThrow();
    expect(() => contactPoint.comparable({ emails: "unknown" })).not.toThrow();
    expect(() => dashboard.comparable({ configJson: "unknown" })).not.toThrow();
  });
});

describe("the provider", () => {
  const provider = grafanaProvider();

  it("refuses what it does not know", () => {
    const { failures } = provider.check(urn("oss/folder:Folder"), {}, { title: "a", parentFolderUid: "b" });
    expect(failures.map(({ property }) => property)).toEqual(["parentFolderUid"]);
    expect(() => provider.check(urn("oss/team:Team"), {}, {})).toThrow("no grafana:oss/team:Team");
    expect(() => {
      provider.configure({ url: "http://g", auth: "a:b", retries: "3" });
    }).toThrow("no provider setting retries");
  });

  it("gives a name where there is none, and keeps it", () => {
    const type = urn("alerting/contactPoint:ContactPoint");
    const { inputs } = provider.check(type, {}, {});
    expect(inputs["name"]).toMatch(/^main[0-9a-f]{8}$/);
    expect(provider.check(type, inputs, {}).inputs).toEqual(inputs);
  });

  it("replaces a dashboard of another uid or folder, and updates any other", () => {
    const type = urn("oss/dashboard:Dashboard");
    const state = { folder: "a", configJson: '{"uid":"one","title":"t"}' };
    const diff = (changed: Properties): string[] =>
      provider.diff(type, state, { ...state, ...changed }).replaces;
    expect(diff({ folder: "b" })).toEqual(["folder"]);
    expect(diff({ configJson: '{"uid":"two","title":"t"}' })).toEqual(["uidInConfig"]);
    expect(provider.diff(type, state, { ...state, configJson: '{"uid":"one","title":"u"}' })).toEqual({
      changed: ["configJson"],
      replaces: [],
    });
  });
});

describe("a contact point", () => {
  const stored = {
    uid: "u",
    name: "on call",
    type: "webhook",
    disableResolveMessage: false,
    settings: { url: "http://new", password: "[REDACTED]" },
  };
  const send = vi.fn<(method: string, path: string, body?: unknown) => Promise<unknown>>();
  const api = { url: "http://grafana", send };
  beforeEach(() => {
    send.mockReset().mockImplementation((method) => Promise.resolve(method === "GET" ? [stored] : {}));
  });

  it("keeps the secrets that Grafana does not tell", async () => {
    const state = { webhooks: [{ url: "http://old", basicAuthPassword: "hidden" }] };
    expect(await contactPoint.read(api, "on call", state)).toEqual({
      name: "on call",
      webhooks: [{ uid: "u", disableResolveMessage: false, url: "http://new", basicAuthPassword: "hidden" }],
    });
  });

  it("finds its receivers again, in whatever order Grafana tells them", async () => {
    const other = { ...stored, uid: "v", settings: { url: "http://other" } };
    send.mockResolvedValue([other, stored]);
    const uids = async (webhooks: Properties[]): Promise<unknown[]> => {
      const state = await contactPoint.read(api, "on call", { webhooks });
      return (state?.["webhooks"] as Properties[]).map(({ uid }) => uid);
    };
    const declared = { url: "http://new", basicAuthPassword: "hidden" };
    expect(await uids([declared, { url: "http://other" }])).toEqual(["u", "v"]);
    expect(await uids([{ uid: "u", url: "http://before" }, { uid: "v" }])).toEqual(["u", "v"]);
  });

  it("changes, adds and deletes its receivers one by one", async () => {
    const inputs = { name: "on call", emails: [{ addresses: ["a@b", "c@d"] }] };
    await contactPoint.update(api, "on call", {}, inputs);
    const calls = send.mock.calls.map(([method, path]) => `${method} ${path}`);
    expect(calls.slice(1)).toEqual([
      "POST /api/v1/provisioning/contact-points",
      "DELETE /api/v1/provisioning/contact-points/u",
    ]);
    expect(send.mock.calls[1]?.[2]).toMatchObject({ type: "email", settings: { addresses: "a@b;c@d" } });
  });
});
