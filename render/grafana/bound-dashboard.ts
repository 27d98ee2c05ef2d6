import type { ExportedDashboard, Fields } from "./dashboard-file";
import { isFields, mapsOf } from "./dashboard-file";
import {
  noneOf,
  type OtherDatasource,
  resolveDatasource,
  uidOfType,
  type Resolved,
} from "./datasource-references";
import type { DatasourceUids } from "./datasources";

/** A dashboard for a stack, and what of it the stack does not have. */
export interface BoundDashboard {
  readonly config: object;
  readonly problems: readonly string[];
  /** What it asks beside the stack's datasources. */
  readonly others: readonly OtherDatasource[];
}

/** What Grafana makes when it exports, and makes anew when it takes in. */
const ofExport = ["id", "version", "__inputs", "__requires", "__elements"];

/**
 * Binds a dashboard to a stack's datasources: its inputs get a value, and what refers to a datasource by its type alone gets
 * the uid of the stack's.
 */
export function bindDashboard({ model }: ExportedDashboard, uids: DatasourceUids): BoundDashboard {
  const inputs = mapsOf(model["__inputs"]).map((input) => bindInput(input, uids));
  const values = new Map(inputs.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
  const kept = Object.entries(model).filter(([key]) => !ofExport.includes(key));
  const config = filled(Object.fromEntries(kept), values) as Fields;
  const variables = mapsOf(fieldsOf(config["templating"])["list"]);
  // What is wrong with an input is told of the input.
  const names = new Set([
    ...inputs.map(({ name }) => name),
    ...variables.filter(({ type }) => type === "datasource").map(({ name }) => String(name)),
  ]);
  const wrong = new Map<string, { uid: string | undefined; places: string[] }>();
  for (const { what, holder } of holders(config, variables)) {
    const { datasource } = holder;
    if (datasource === undefined || datasource === null) continue;
    const resolved = resolve(datasource, uids, names);
    if ("problem" in resolved) {
      const uid = "uid" in resolved ? resolved.uid : undefined;
      const { places } = wrong.get(resolved.problem) ?? { places: [] };
      wrong.set(resolved.problem, { uid, places: [...places, what] });
    } else if (isFields(datasource) && datasource["uid"] !== resolved.uid)
      holder["datasource"] = { ...datasource, uid: resolved.uid };
  }
  const told = [...wrong].map(([problem, { uid, places }]) => ({
    uid,
    problem: `${listed(places)}: ${problem}`,
  }));
  return {
    config,
    problems: [
      ...inputs.flatMap(({ problem }) => problem ?? []),
      ...variables.flatMap((variable) => choiceProblems(variable, uids)),
      ...told.filter(({ uid }) => uid === undefined).map(({ problem }) => problem),
    ],
    others: told.flatMap(({ uid, problem }) => (uid === undefined ? [] : [{ uid, problem }])),
  };
}

interface BoundInput {
  readonly name: string;
  readonly value?: string;
  readonly problem?: string;
}

/** What an export for sharing asks of whoever takes it in. */
function bindInput({ name, type, pluginId, value }: Fields, uids: DatasourceUids): BoundInput {
  const input = { name: String(name) };
  if (type === "datasource") {
    const uid = uidOfType(String(pluginId), uids);
    if (uid !== undefined) return { ...input, value: uid };
    return {
      ...input,
      problem:
        `the input ${input.name} wants a datasource of the type "${String(pluginId)}", and ${noneOf(uids)}: take the input ` +
        `out, and put the uid of one that Grafana has in place of \${${input.name}}`,
    };
  }
  if (type === "constant" && typeof value === "string") return { ...input, value };
  const problem = `the input ${input.name} is of the type "${String(type)}" and has no value, and nobody is asked for one: write it into the file`;
  return { ...input, problem };
}

/** A copy in which each `${NAME}` that is known is its value, as Grafana does it when it takes in an export. */
function filled(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string")
    return value.replace(/\$\{(\w+)\}/g, (all, name: string) => values.get(name) ?? all);
  if (Array.isArray(value)) return value.map((item) => filled(item, values));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, values)]));
}

interface Holder {
  /** For messages, such as `panel "CPU"`. */
  readonly what: string;
  /** It has the key `datasource`, if it names one. */
  readonly holder: Fields;
}

/** All that may refer to a datasource: panels with their queries, annotations and variables. */
function holders(config: Fields, variables: readonly Fields[]): Holder[] {
  return [
    ...panelsIn(config).flatMap((panel) => {
      const what = `panel ${JSON.stringify(panel["title"] ?? panel["type"] ?? "")}`;
      return [panel, ...mapsOf(panel["targets"])].map((holder) => ({ what, holder }));
    }),
    ...mapsOf(fieldsOf(config["annotations"])["list"]).map((holder) => ({
      what: `annotation ${JSON.stringify(holder["name"] ?? "")}`,
      holder,
    })),
    ...variables.map((holder) => ({ what: `variable ${JSON.stringify(holder["name"] ?? "")}`, holder })),
  ];
}

/** Also those of rows, in today's form and in that of Grafana 4. */
function panelsIn(of: Fields): Fields[] {
  const own = mapsOf(of["panels"]);
  return [...own, ...own.flatMap(panelsIn), ...mapsOf(of["rows"]).flatMap(panelsIn)];
}

function resolve(datasource: unknown, uids: DatasourceUids, names: ReadonlySet<string>): Resolved {
  // A text is the uid or, as older versions wrote it, a name, which is nobody's but its Grafana's.
  const { uid, type } = isFields(datasource) ? datasource : { uid: datasource, type: undefined };
  const reference = { uid: text(uid), type: text(type) };
  const [, ...found] = /^(?:\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\])$/.exec(reference.uid ?? "") ?? [];
  const variable = found.find(Boolean);
  if (variable === undefined) return resolveDatasource(reference, uids);
  if (names.has(variable)) return { uid: reference.uid ?? "" };
  return {
    problem: `asks ${reference.uid ?? ""}, and the dashboard has neither an input nor a datasource variable of that name`,
  };
}

/** A variable that lets one choose a datasource needs one to choose. */
function choiceProblems({ type, name, query }: Fields, uids: DatasourceUids): string[] {
  if (type !== "datasource" || uidOfType(String(query), uids) !== undefined) return [];
  return [
    `variable ${JSON.stringify(name)}: offers datasources of the type "${String(query)}", and ${noneOf(uids)}`,
  ];
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** Undefined for what is no text, and for the empty one, which exports have for what is left out. */
function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** At most three different ones by name. */
function listed(places: readonly string[]): string {
  const different = [...new Set(places)];
  const more = different.length - 3;
  return different.slice(0, 3).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
