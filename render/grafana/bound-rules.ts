import { isFields } from "./dashboard-file";
import { type OtherDatasource, resolveDatasource } from "./datasource-references";
import type { DatasourceUids } from "./datasources";
import type { ExportedGroup, ExportedQuery, ExportedRule } from "./rule-file";

/** A group of rules for a stack, and what of it the stack does not have. */
export interface BoundGroup {
  readonly group: ExportedGroup;
  readonly problems: readonly string[];
  /** What it asks beside the stack's datasources. */
  readonly others: readonly OtherDatasource[];
}

/** Binds the queries of rules to a stack's datasources. */
export function bindGroup(group: ExportedGroup, uids: DatasourceUids): BoundGroup {
  const problems: string[] = [];
  const others: OtherDatasource[] = [];
  const bind = (query: ExportedQuery, { title }: ExportedRule): ExportedQuery => {
    const { datasource } = query.model;
    const type =
      isFields(datasource) && typeof datasource["type"] === "string" ? datasource["type"] : undefined;
    const uid = query.datasourceUid === "" ? undefined : query.datasourceUid;
    const resolved = resolveDatasource({ uid, type }, uids);
    if ("problem" in resolved) {
      const problem = `rule ${JSON.stringify(title)}: ${query.refId} ${resolved.problem}`;
      if ("uid" in resolved) others.push({ uid: resolved.uid, problem });
      else problems.push(problem);
      return query;
    }
    const model = isFields(datasource)
      ? { ...query.model, datasource: { ...datasource, uid: resolved.uid } }
      : query.model;
    return { ...query, datasourceUid: resolved.uid, model };
  };
  const rules = group.rules.map((rule) => ({ ...rule, data: rule.data.map((query) => bind(query, rule)) }));
  return { group: { ...group, rules }, problems, others };
}
