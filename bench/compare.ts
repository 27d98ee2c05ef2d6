import { mkdtemp, rm } from "node:fs/promises";
import * as path from "node:path";
import { prepareIngredients } from "../sandbox/host/prepare";
import { UserError } from "../sandbox/log";
import { cacheDir } from "../sandbox/paths";
import { prepareSandbox } from "../sandbox/prepare";
import { ensurePulumi } from "../sandbox/tools/toolchain";
import { ansibleVersion } from "./ansible";
import { onHosts } from "./hosts";
import { thisMachine } from "./machine";
import { measureParts } from "./parts";
import { pulumiOn } from "./pulumi";
import { publishResult, tableOf } from "./report";
import type { Part, Result, Row } from "./result";
import { measureHosts, type Rounds } from "./rows";
import { type Way, waysHere } from "./ways";

// `npm run bench`: the same results by this project and by Ansible, on fresh hosts of the sandbox, in turns. It writes what it
// has measured into bench/results/, and the tables and the chart of it into docs/. `npm run bench -- --try` measures each
// thing once and writes nothing.

async function compare(rounds: Rounds, work: string): Promise<Result> {
  const machine = thisMachine();
  const [way, ...otherWays] = await waysHere(work);
  if (way === undefined) throw new Error("There is no way to start Pulumi");
  const rows: Row[] = [];
  const parts: Part[] = [];
  for (const hosts of [1, 3, 6]) {
    await onHosts(hosts, work, async (measured) => {
      rows.push(...(await measureHosts(measured, way, rounds)));
      if (hosts > 1) return;
      const ours = await pulumiOn(measured.ours, way);
      parts.push(...(await measureParts(ours, [way, ...otherWays], work, rounds.plain)));
    });
  }
  const date = new Date().toISOString().slice(0, 10);
  return { date, machine, versions: await versionsHere(), way: nameOf(way), rows, parts };
}

function nameOf({ by, plugins }: Way): Pick<Way, "by" | "plugins"> {
  return { by, plugins };
}

async function versionsHere(): Promise<Record<string, string>> {
  const { versions } = (await prepareIngredients()).repository;
  const packages = Object.entries(versions).map(([name, [version = ""]]) => [name, version] as const);
  const { version } = await ensurePulumi();
  const all = { Node: process.versions.node, Pulumi: version, ...Object.fromEntries<string>(packages) };
  return { ...all, Ansible: await ansibleVersion() };
}

async function main(options: readonly string[]): Promise<void> {
  process.umask(0o022);
  const isTry = options.includes("--try");
  await prepareSandbox([]);
  const work = await mkdtemp(path.join(cacheDir(), "bench-"));
  try {
    const result = await compare(isTry ? { plain: 1, more: 1 } : { plain: 3, more: 1 }, work);
    console.log(tableOf(result));
    if (!isTry) await publishResult(result);
  } finally {
    await rm(work, { recursive: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 1;
});
