import { type Dirent, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { byText } from "../../render/header";
import type { FileProblem } from "./files";

/** A file of a directory that a setting names. */
export interface OperatorFile {
  /** From where Pulumi.yaml is, for messages. */
  readonly file: string;
  readonly path: string;
  /** Its name, without the ending. */
  readonly name: string;
  readonly text: string;
}

const kinds = {
  dashboards: { ending: /\.json$/, wanted: "*.json" },
  rules: { ending: /\.(ya?ml|json)$/, wanted: "*.yml, *.yaml or *.json" },
};

/**
 * The files of a directory, by their names. Directories in it, hidden files and those with another ending are left out.
 * @param setting the value of `grafana.dashboards` or `grafana.rules`
 */
export function filesIn(
  directory: string,
  setting: string | undefined,
  kind: keyof typeof kinds,
  problems: FileProblem[],
): OperatorFile[] {
  if (setting === undefined) return [];
  const { ending, wanted } = kinds[kind];
  const tell = (message: string): void => {
    problems.push({ file: `grafana.${kind} (${setting})`, message });
  };
  let entries: Dirent[];
  try {
    entries = readdirSync(path.join(directory, setting), { withFileTypes: true });
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    tell(`is a directory that cannot be read (${code}): it has to be beside Pulumi.yaml`);
    return [];
  }
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".") && ending.test(entry.name))
    .map(({ name }) => name)
    .sort(byText);
  if (names.length === 0) tell(`has no ${wanted}: leave out the setting`);
  return names.map((base) => {
    const at = path.join(directory, setting, base);
    return {
      file: path.join(setting, base),
      path: at,
      name: base.replace(ending, ""),
      text: readFileSync(at, "utf8").replace(/^\uFEFF/, ""),
    };
  });
}
