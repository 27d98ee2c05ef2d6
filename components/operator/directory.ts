import { readdirSync, readFileSync } from "node:fs";
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
  const from = path.join(directory, setting);
  const entries = attempt(
    () => readdirSync(from, { withFileTypes: true }),
    (code) => {
      tell(`is a directory that cannot be read (${code}): it has to be beside Pulumi.yaml`);
    },
  );
  if (entries === undefined) return [];
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".") && ending.test(entry.name))
    .map(({ name }) => name)
    .sort(byText);
  if (names.length === 0) tell(`has no ${wanted}: leave out the setting`);
  return names.flatMap((base) => {
    const [file, at] = [path.join(setting, base), path.join(from, base)];
    const text = attempt(
      () => readFileSync(at, "utf8"),
      (code) => problems.push({ file, message: `cannot be read (${code})` }),
    );
    if (text === undefined) return [];
    return [{ file, path: at, name: base.replace(ending, ""), text: text.replace(/^\uFEFF/, "") }];
  });
}

/** What is read; where it cannot be, why not is told, as a code such as `ENOENT`. */
function attempt<T>(read: () => T, tell: (code: string) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    tell((error as NodeJS.ErrnoException).code ?? String(error));
    return undefined;
  }
}
