import { datasourceKinds, datasourceTypes, type DatasourceUids } from "./datasources";

/** How a file refers to a datasource: by its uid, and by the plugin that it is of. */
export interface DatasourceReference {
  readonly uid?: string | undefined;
  readonly type?: string | undefined;
}

/** A datasource that is none of the stack's, and may be one that Grafana has all the same. */
export interface OtherDatasource {
  readonly uid: string;
  /** What is wrong where Grafana does not have it. */
  readonly problem: string;
}

/** The uid that is meant, or why there is none. */
export type Resolved = { readonly uid: string } | OtherDatasource | { readonly problem: string };

/** What every Grafana has, by the names that exports use for it. */
const ofGrafana = new Set([
  "grafana",
  "datasource",
  "-- Grafana --",
  "-- Mixed --",
  "-- Dashboard --",
  "__expr__",
  "-100",
]);

/** The uid of the stack's datasource of a plugin. */
export function uidOfType(type: string, uids: DatasourceUids): string | undefined {
  if (type === "__expr__") return type;
  const kind = datasourceKinds.find((known) => datasourceTypes[known] === type);
  return kind === undefined ? undefined : uids[kind];
}

/** Finds the datasource of the stack that is meant: by the uid, where there is one, else by the type. */
export function resolveDatasource({ uid, type }: DatasourceReference, uids: DatasourceUids): Resolved {
  if (uid !== undefined) {
    if (ofGrafana.has(uid) || Object.values(uids).includes(uid)) return { uid };
    const ofType = type === undefined ? undefined : uidOfType(type, uids);
    const remedy =
      ofType === undefined
        ? ""
        : `: export it for sharing externally, or leave out the uid there, and it is bound to ${ofType}`;
    return { uid, problem: `asks the datasource "${uid}", and this stack has ${described(uids)}${remedy}` };
  }
  const found = type === undefined || ofGrafana.has(type) ? type : uidOfType(type, uids);
  if (found !== undefined) return { uid: found };
  return {
    problem: `asks a datasource ${type === undefined ? "of no type" : `of the type "${type}"`}, and ${noneOf(uids)}`,
  };
}

/** Why a type is not to be had. */
export function noneOf(uids: DatasourceUids): string {
  return `this stack has ${described(uids)}`;
}

function described(uids: DatasourceUids): string {
  const all = datasourceKinds.flatMap((kind) => {
    const uid = uids[kind];
    return uid === undefined ? [] : [`"${uid}" (${datasourceTypes[kind]})`];
  });
  return all.length === 0 ? "no datasource" : all.join(", ");
}
