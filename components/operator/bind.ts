import { refusal } from "../../config/refusal";
import { bindDashboard, type BoundDashboard } from "../../render/grafana/bound-dashboard";
import { bindGroup } from "../../render/grafana/bound-rules";
import type { OtherDatasource } from "../../render/grafana/datasource-references";
import type { DatasourceUids } from "../../render/grafana/datasources";
import type { ExportedGroup } from "../../render/grafana/rule-file";
import type { FileProblem, FromFile, OperatorFiles } from "./files";

/** The files for a stack's datasources. */
export interface BoundFiles {
  /** By their uids. */
  readonly dashboards: Readonly<Record<string, object>>;
  /** By their names. */
  readonly groups: Readonly<Record<string, ExportedGroup>>;
}

/**
 * Binds the files to a stack's datasources.
 * @throws pulumi.RunError that tells all references which cannot be bound
 */
export function boundFiles(files: OperatorFiles, uids: DatasourceUids): BoundFiles {
  const { problems, dashboards, groups } = bindFiles(files, uids);
  refuseFiles(problems);
  return { dashboards, groups };
}

/** The same, with what is wrong. */
export function bindFiles(
  { dashboards, groups }: Pick<OperatorFiles, "dashboards" | "groups">,
  uids: DatasourceUids,
): BoundFiles & { problems: FileProblem[]; others: FromFile<OtherDatasource>[] } {
  const problems: FileProblem[] = [];
  const others: FromFile<OtherDatasource>[] = [];
  const tell = (file: string, bound: Pick<BoundDashboard, "problems" | "others">): void => {
    problems.push(...bound.problems.map((message) => ({ file, message })));
    others.push(...bound.others.map((value) => ({ file, value })));
  };
  const boundDashboards = dashboards.map(({ file, value }) => {
    const bound = bindDashboard(value, uids);
    tell(file, bound);
    return [value.uid, bound.config] as const;
  });
  const boundGroups = groups.map(({ file, value }) => {
    const bound = bindGroup(value, uids);
    tell(file, bound);
    return [value.name, bound.group] as const;
  });
  return {
    dashboards: Object.fromEntries(boundDashboards),
    groups: Object.fromEntries(boundGroups),
    problems,
    others,
  };
}

/** @throws pulumi.RunError that tells all problems, if there are any */
export function refuseFiles(problems: readonly FileProblem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ file, message }) => `- ${file}: ${message}`);
  throw refusal(["Files that cannot be used:", ...lines].join("\n"));
}
