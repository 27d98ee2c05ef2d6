import { grafanaUid } from "../../render/grafana/identity";
import { pipelineGroup } from "../../render/grafana/alert-rules";
import { dashboardTitle } from "../../render/grafana/panels";
import type { FileProblem, OperatorFiles } from "./files";

interface Name {
  readonly file: string;
  readonly name: string;
  /** What it names, for the message. */
  readonly what: string;
}

/** Names in the stack's folder that are there twice, or are those of the stack's own: in Grafana one would replace the other. */
export function takenNames({ dashboards, groups }: OperatorFiles, environment: string): FileProblem[] {
  const named = (what: string, pick: (of: { uid: string; title: string }) => string): Name[] =>
    dashboards.map(({ file, value }) => ({ file, what, name: pick(value) }));
  const uids = ["profiles", "pipeline", "profiling"].map((role) => grafanaUid(environment, role));
  const titles = ["Profiles", "Profiling pipeline"].map((title) => dashboardTitle(title, environment));
  return [
    ...taken(
      named("uid", ({ uid }) => uid),
      uids,
    ),
    ...taken(
      named("title", ({ title }) => title),
      titles,
    ),
    ...taken(
      groups.map(({ file, value }) => ({ file, what: "group", name: value.name })),
      [pipelineGroup],
    ),
  ];
}

function taken(names: readonly Name[], own: readonly string[]): FileProblem[] {
  const seen = new Map<string, string>();
  return names.flatMap(({ file, name, what }) => {
    // As Grafana compares titles, and some of its databases all names.
    const key = name.toLowerCase();
    const first = seen.get(key);
    seen.set(key, first ?? file);
    const isOwn = own.some((other) => other.toLowerCase() === key);
    if (first === undefined && !isOwn) return [];
    const whose = isOwn ? "one of the stack's own" : first === file ? "another one in it" : first;
    return [{ file, message: `has the ${what} "${name}" of ${whose ?? ""}: set another one` }];
  });
}
