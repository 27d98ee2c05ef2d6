import { type Properties } from "../values";
import { type Api } from "./api";
import { type Kind, parsed, required, without } from "./kind";

interface Rule {
  uid?: string;
  name: string;
  for?: string;
  condition?: string;
  noDataState?: string;
  execErrState?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  isPaused?: boolean;
  datas: Query[];
}

interface Query {
  refId: string;
  datasourceUid: string;
  queryType?: string;
  relativeTimeRange: { from: number; to: number };
  model: string;
}

/** A rule and a query as Grafana's API has them. */
type RuleModel = Omit<Rule, "name" | "datas"> & { title: string; data: QueryModel[] };
type QueryModel = Omit<Query, "model"> & { model: Properties };

interface GroupModel {
  title: string;
  folderUid: string;
  interval: number;
  rules: RuleModel[];
}

const ruleDefaults = {
  for: "0s",
  condition: "",
  noDataState: "NoData",
  execErrState: "Alerting",
  labels: {},
  annotations: {},
  isPaused: false,
};

const knownInRules = new Set(["uid", "name", "datas", ...Object.keys(ruleDefaults)]);

/** Grafana's durations, such as `1h30m`, in seconds. */
export function seconds(duration: string): number {
  const units: Record<string, number> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };
  const parts = [...duration.matchAll(/(\d+)([wdhms])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
}

/** The model of a query without the defaults that Grafana adds. */
function ownModel(model: unknown): unknown {
  const value = parsed(model);
  if (typeof value !== "object" || value === null) return value;
  const { intervalMs, maxDataPoints, ...own } = value as Properties;
  return {
    ...own,
    ...(intervalMs === 1000 ? {} : { intervalMs }),
    ...(maxDataPoints === 43200 ? {} : { maxDataPoints }),
  };
}

function comparableRule(rule: Rule): Properties {
  const all = { ...ruleDefaults, ...rule };
  const queries = all.datas.map((query) => ({ queryType: "", ...query, model: ownModel(query.model) }));
  return { ...without(all, "uid"), for: seconds(all.for), datas: queries };
}

function pathOf(folderUid: string, name: string): string {
  return `/api/v1/provisioning/folder/${folderUid}/rule-groups/${encodeURIComponent(name)}`;
}

function pathOfKey(key: string): string {
  const separator = key.indexOf(":");
  return pathOf(key.slice(0, separator), key.slice(separator + 1));
}

async function save(api: Api, inputs: Properties, uids: Map<string, string>): Promise<string> {
  const { name, folderUid } = inputs as { name: string; folderUid: string };
  const rules = (inputs["rules"] as Rule[]).map(({ name: title, datas, ...rule }) => {
    const unknown = Object.keys(rule).filter((key) => !knownInRules.has(key));
    if (unknown.length > 0) throw new Error(`the sandbox's grafana plugin has no ${unknown.join()} in rules`);
    const data = datas.map((query) => ({ ...query, model: parsed(query.model) }));
    // A rule that keeps its uid keeps its state: what fires goes on firing.
    return {
      ...ruleDefaults,
      uid: uids.get(title),
      ...rule,
      title,
      data,
      folderUID: folderUid,
      ruleGroup: name,
    };
  });
  const body = { title: name, folderUid, interval: inputs["intervalSeconds"], rules };
  // Grafana takes any value for a yes.
  const headers = inputs["disableProvenance"] === true ? { "X-Disable-Provenance": "true" } : undefined;
  required(await api.send("PUT", pathOf(folderUid, name), body, headers), `the folder ${folderUid}`);
  return `${folderUid}:${name}`;
}

export const ruleGroup: Kind = {
  inputs: ["name", "folderUid", "intervalSeconds", "rules", "disableProvenance"],
  replaces: ["name", "folderUid"],
  comparable(properties) {
    const rules = properties["rules"];
    return {
      disableProvenance: false,
      ...properties,
      rules: Array.isArray(rules) ? (rules as Rule[]).map(comparableRule) : rules,
    };
  },
  create: (api, inputs) => save(api, inputs, new Map()),
  async read(api, key) {
    const group = (await api.send("GET", pathOfKey(key))) as GroupModel | undefined;
    if (group === undefined) return undefined;
    const rules = group.rules.map((rule): Rule => {
      const datas = rule.data.map((query) => ({
        refId: query.refId,
        queryType: query.queryType ?? "",
        datasourceUid: query.datasourceUid,
        relativeTimeRange: query.relativeTimeRange,
        model: JSON.stringify(ownModel(query.model)),
      }));
      // Labels and annotations that there are none of are null.
      const known = Object.entries<unknown>(rule).filter(
        ([key, value]) => key in ruleDefaults && value !== null,
      );
      return { ...ruleDefaults, ...Object.fromEntries(known), uid: rule.uid ?? "", name: rule.title, datas };
    });
    return { name: group.title, folderUid: group.folderUid, intervalSeconds: group.interval, rules };
  },
  async update(api, _key, state, inputs) {
    const rules = state["rules"] as Rule[];
    await save(api, inputs, new Map(rules.map(({ name, uid }) => [name, uid ?? ""])));
  },
  async delete(api, key) {
    const group = (await api.send("GET", pathOfKey(key))) as GroupModel | undefined;
    for (const { uid } of group?.rules ?? []) {
      await api.send("DELETE", `/api/v1/provisioning/alert-rules/${uid}`);
    }
  },
};
