import { refusal } from "../../config/refusal";
import { bindDashboard } from "../../render/grafana/bound-dashboard";
import { bindGroup } from "../../render/grafana/bound-rules";
import type { DatasourceUids } from "../../render/grafana/datasources";
import type { ExportedGroup } from "../../render/grafana/rule-file";
import type { FileProblem, OperatorFiles } from "./files";

/** The files for a stack's datasources. */
export interface BoundFiles {
  /** By their uids. */
  readonly dashboards: Readonly<Record<string, object>>;
  /** By their names. */
  readonly groups: Readonly<Record<string, ExportedGroup>>;
}

/**
 * Binds the files to a stack's datasources.
 * @throws pulumi.RunError that tells all references to others
 */
export function boundFiles(files: OperatorFiles, uids: DatasourceUids): BoundFiles {
  const { problems, ...bound } = bindFiles(files, uids);
  refuseFiles(problems);
  return bound;
}

/** The same, with what is wrong. */
export function bindFiles(
  { dashboards, groups }: Pick<OperatorFiles, "dashboards" | "groups">,
  uids: DatasourceUids,
): BoundFiles & { problems: FileProblem[] } {
  const problems: FileProblem[] = [];
  const tell = (file: string, messages: readonly string[]): void => {
    problems.push(...messages.map((message) => ({ file, message })));
  };
  const boundDashboards = dashboards.map(({ file, value }) => {
    const bound = bindDashboard(value, uids);
    tell(file, bound.problems);
    return [value.uid, bound.config] as const;
  });
  const boundGroups = groups.map(({ file, value }) => {
    const bound = bindGroup(value, uids);
    tell(file, bound.problems);
    return [value.name, bound.group] as const;
  });
  return {
    dashboards: Object.fromEntries(boundDashboards),
    groups: Object.fromEntries(boundGroups),
    problems,
  };
}

/** @throws pulumi.RunError that tells all problems, if there are any */
export function refuseFiles(problems: readonly FileProblem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ file, message }) => `- ${file}: ${message}`);
  throw refusal(["Files that cannot be used:", ...lines].join("\n"));
}
