import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { projectRoot } from "../sandbox/paths";
import { chartOf, goal } from "./chart";
import { median } from "./measure";
import { type Part, type Result, resultsDirectory, secondsOf, shareOf } from "./result";

const page = path.join(projectRoot, "docs", "speed.md");
const picture = path.join(projectRoot, "docs", "pictures", "speed.svg");
const [start, end] = ["<!-- npm run bench writes this -->\n", "<!-- to here -->\n"];

/** Keeps a result, and makes the page and the chart of it anew. */
export async function publishResult(result: Result): Promise<void> {
  await mkdir(resultsDirectory, { recursive: true });
  await writeFile(path.join(resultsDirectory, `${result.date}.json`), `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(page, pageWith(result, await readFile(page, "utf8")));
  await writeFile(picture, chartOf(result));
}

/** The text of the page with this result. */
export function pageWith(result: Result, text: string): string {
  const [before, rest] = text.split(start);
  const [, after] = (rest ?? "").split(end);
  if (before === undefined || after === undefined)
    throw new Error(`${page} does not say where the result is written`);
  return `${before}${start}\n${ranOn(result)}\n\n${tableOf(result)}\n\n${partsOf(result)}\n\n${end}${after}`;
}

/** Each row: the times of both, and what part ours is of theirs. */
export function tableOf({ rows }: Result): string {
  const header = ["", "hosts", "services", "soar-profiling", "logins", "Ansible", "logins", "ours of theirs"];
  return table(
    header,
    rows.map((row) => [
      row.what,
      `${row.hosts}`,
      `${row.services}`,
      seconds(secondsOf(row.ours)),
      `${median(row.ours.map(({ logins }) => logins))}`,
      seconds(secondsOf(row.theirs)),
      `${median(row.theirs.map(({ logins }) => logins))}`,
      `${Math.round(shareOf(row) * 100)} %`,
    ]),
  );
}

function partsOf({ parts }: Result): string {
  return table(
    ["nothing to do, on one host", "program run by", "plugin", "time"],
    parts.map(({ what, by, plugins, seconds: each }: Part) => [what, by, plugins, seconds(median(each), 2)]),
  );
}

function ranOn({ date, machine, versions, way, rows }: Result): string {
  const { processor, cores, memoryGiB, system, loadBefore } = machine;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rounds = Math.max(...rows.map(({ ours }) => ours.length));
  const reached = rows.filter((row) => shareOf(row) <= goal).length;
  const runBy =
    way.by === "pulumi"
      ? "`pulumi` with its language host ran the program"
      : "the Automation API ran the program, since there was no language host";
  const plugin = way.plugins === "official" ? "the official plugin" : "the sandbox's stand-in of the plugin";
  return [
    `Measured on ${date}: ${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}. The load before it was ${loadBefore.join(", ")}.`,
    `${programs.join(", ")}. Here ${runBy}, and ${plugin} its commands.`,
    `A row is the median of its rounds: ${rounds} of them with few services on one host, else one; a first apply was measured once. ${reached} of ${rows.length} rows reach the goal.`,
  ].join("\n");
}

function seconds(value: number, digits = 1): string {
  return `${value.toFixed(digits)} s`;
}

/** As prettier writes a table. */
function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) =>
    Math.max(3, name.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [row(header), row(widths.map((width) => "-".repeat(width))), ...lines.map(row)].join("\n");
}
