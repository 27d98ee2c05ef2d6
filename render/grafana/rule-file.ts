import { type Fields, isFields, mapsOf } from "./dashboard-file";

/** A query or an expression of a rule. */
export interface ExportedQuery {
  readonly refId: string;
  readonly queryType: string;
  /** Empty where only the model says of which kind it is. */
  readonly datasourceUid: string;
  /** In seconds before now. */
  readonly relativeTimeRange: { readonly from: number; readonly to: number };
  readonly model: Fields;
}

export interface ExportedRule {
  readonly title: string;
  readonly condition: string;
  readonly for: string;
  /** What Grafana does without data, and after an error; undefined is its own default. */
  readonly noDataState?: string;
  readonly execErrState?: string;
  readonly isPaused: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: readonly ExportedQuery[];
}

/** A group of alert rules as Grafana has exported it. */
export interface ExportedGroup {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly rules: readonly ExportedRule[];
}

/** What is in a file, or all that is wrong with it. */
export type GrafanaRuleFile =
  { readonly groups: readonly ExportedGroup[] } | { readonly problems: readonly string[] };

/** The keys of an export that mean something here, and those that say where it was. */
const known = {
  file: ["apiVersion", "groups"],
  group: ["name", "interval", "rules", "orgId", "folder"],
  rule: [
    "title",
    "condition",
    "data",
    "for",
    "labels",
    "annotations",
    "noDataState",
    "execErrState",
    "isPaused",
    "dashboardUid",
    "panelId",
    "uid",
  ],
};

/** Reads alert rules that Grafana has exported. Their uids and folders are left out: they are those of where they were. */
export function readGrafanaRules(file: Fields): GrafanaRuleFile {
  const problems = unknownKeys("", file, known.file);
  const groups = mapsOf(file["groups"]).map((group, i) => readGroup(group, `groups[${i}]`, problems));
  if (groups.length === 0) problems.push("has no groups");
  return problems.length > 0 ? { problems } : { groups };
}

function readGroup(group: Fields, at: string, problems: string[]): ExportedGroup {
  const name = text(group["name"]);
  const intervalSeconds = seconds(group["interval"]);
  const rules = mapsOf(group["rules"]);
  problems.push(...unknownKeys(at, group, known.group));
  if (name === "") problems.push(`${at} has no name: set one`);
  if (intervalSeconds === undefined || intervalSeconds === 0)
    problems.push(`${at}.interval must be a duration such as 1m`);
  if (rules.length === 0) problems.push(`${at} has no rules`);
  return {
    name,
    intervalSeconds: intervalSeconds ?? 0,
    rules: rules.map((rule, i) => readRule(rule, `${at}.rules[${i}]`, problems)),
  };
}

function readRule(rule: Fields, at: string, problems: string[]): ExportedRule {
  const [title, condition] = [text(rule["title"]), text(rule["condition"])];
  const duration = rule["for"] === undefined ? "0s" : text(rule["for"]);
  const data = mapsOf(rule["data"]).map(readQuery);
  problems.push(...unknownKeys(at, rule, known.rule));
  if (title === "") problems.push(`${at} has no title: set one`);
  if (seconds(duration) === undefined) problems.push(`${at}.for must be a duration such as 5m`);
  if (!data.some(({ refId }) => refId === condition && refId !== ""))
    problems.push(`${at}.condition must be the refId of one of its data`);
  const [noDataState, execErrState] = [text(rule["noDataState"]), text(rule["execErrState"])];
  return {
    title,
    condition,
    for: duration,
    ...(noDataState === "" ? {} : { noDataState }),
    ...(execErrState === "" ? {} : { execErrState }),
    isPaused: rule["isPaused"] === true,
    labels: texts(rule["labels"]),
    annotations: { ...panelOf(rule), ...texts(rule["annotations"]) },
    data,
  };
}

function readQuery(query: Fields): ExportedQuery {
  const range = isFields(query["relativeTimeRange"]) ? query["relativeTimeRange"] : {};
  return {
    refId: text(query["refId"]),
    queryType: text(query["queryType"]),
    datasourceUid: text(query["datasourceUid"]),
    relativeTimeRange: { from: Number(range["from"] ?? 0), to: Number(range["to"] ?? 0) },
    model: isFields(query["model"]) ? query["model"] : {},
  };
}

/** The panel that a rule was made from, as Grafana's API has it. */
function panelOf({ dashboardUid, panelId }: Fields): Record<string, string> {
  if (text(dashboardUid) === "" || text(panelId) === "" || panelId === 0) return {};
  return { __dashboardUid__: text(dashboardUid), __panelId__: text(panelId) };
}

function unknownKeys(at: string, of: Fields, keys: readonly string[]): string[] {
  const others = Object.keys(of).filter((key) => !keys.includes(key));
  return others.map((key) => `${at === "" ? "" : `${at}.`}${key} is not taken over: leave it out`);
}

/** Numbers and yes or no as they are written; nothing for anything else. */
function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "";
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(isFields(value) ? value : {}).map(([key, item]) => [key, text(item)]),
  );
}

const units: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

/** A duration of Grafana's, such as `1h30m`, or a number of seconds; undefined for what is none. */
function seconds(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^(\d+[wdhms])+$/.test(value)) return value === "0" ? 0 : undefined;
  const parts = [...value.matchAll(/(\d+)([wdhms])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
}
