import { parse } from "yaml";
import type { Settings } from "../../config/settings";
import { type ExportedDashboard, isFields, readDashboard } from "../../render/grafana/dashboard-file";
import { type ExportedGroup, readGrafanaRules } from "../../render/grafana/rule-file";
import { renderRuleFile } from "../../render/prometheus/rule-file";
import { ownUids } from "../grafana/datasources";
import { bindFiles, refuseFiles } from "./bind";
import { filesIn, type OperatorFile } from "./directory";
import {
  type FileProblem,
  type FromFile,
  noOperatorFiles,
  type OperatorFiles,
  type PrometheusRules,
} from "./files";
import { promtoolProblems } from "./promtool";
import { takenNames } from "./taken-names";

/**
 * Reads the files that `grafana.dashboards` and `grafana.rules` name.
 * @param directory where Pulumi.yaml is
 * @param promtool checks Prometheus's files, if it is there
 * @throws pulumi.RunError that tells all that is wrong with any of them. What a stack on another's platform has of that one's
 *   datasources is not known yet: `boundFiles` tells it. What Grafana has beside them is not known either: `checkExisting`.
 */
export function readOperatorFiles(
  settings: Settings,
  directory: string,
  promtool = "promtool",
): OperatorFiles {
  const { grafana, platform, environment } = settings;
  if (grafana === undefined) return noOperatorFiles;
  const problems: FileProblem[] = [];
  const dashboards = readDashboards(filesIn(directory, grafana.dashboards, "dashboards", problems), problems);
  const rules = readRules(filesIn(directory, grafana.rules, "rules", problems), settings, promtool, problems);
  const bound = bindFiles({ dashboards, ...rules }, ownUids(settings));
  const files = { dashboards, ...rules, others: bound.others };
  problems.push(...takenNames(files, environment));
  if (platform.kind === "own") problems.push(...bound.problems);
  refuseFiles(problems);
  return files;
}

function readDashboards(
  files: readonly OperatorFile[],
  problems: FileProblem[],
): FromFile<ExportedDashboard>[] {
  return files.flatMap(({ file, text }) => {
    const read = readDashboard(text);
    if ("dashboard" in read) return [{ file, value: read.dashboard }];
    problems.push(...read.problems.map((message) => ({ file, message })));
    return [];
  });
}

function readRules(
  files: readonly OperatorFile[],
  { prometheus, environment }: Settings,
  promtool: string,
  problems: FileProblem[],
): Pick<OperatorFiles, "groups" | "prometheusRules"> {
  const groups: FromFile<ExportedGroup>[] = [];
  const prometheusRules: PrometheusRules[] = [];
  for (const { file, name, path, text } of files) {
    const tell = (...messages: readonly string[]): void => {
      problems.push(...messages.map((message) => ({ file, message })));
    };
    const exported = exportOf(text);
    if (exported !== undefined) {
      const read = readGrafanaRules(exported);
      if ("groups" in read) groups.push(...read.groups.map((value) => ({ file, value })));
      else tell(...read.problems);
      continue;
    }
    if (!/^[\w.-]+$/.test(name)) tell("may have letters, digits, ., - and _ in its name: rename it");
    if (prometheus === undefined) tell("is a rule file of Prometheus: set prometheus.url");
    if (prometheusRules.some((other) => other.name === name))
      tell("has the name of another one but for its ending: rename one of them");
    const rendered = renderRuleFile(text, environment);
    if ("content" in rendered) {
      tell(...promtoolProblems(path, promtool));
      prometheusRules.push({ name, content: rendered.content });
    } else tell(...rendered.problems);
  }
  return { groups, prometheusRules };
}

/** What Grafana has exported; undefined for what is Prometheus's, or no YAML. */
function exportOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = parse(text, { logLevel: "silent" });
    return isFields(value) && "apiVersion" in value ? value : undefined;
  } catch {
    return undefined;
  }
}
