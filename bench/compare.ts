import { startHost, stopHost } from "../sandbox/host/host";
import { prepareIngredients } from "../sandbox/host/prepare";
import { step, UserError } from "../sandbox/log";
import { prepareSandbox } from "../sandbox/prepare";
import { ansibleOn } from "./ansible";
import type { Contender } from "./contender";
import { installPython } from "./host";
import { type InstalledFile, installedFiles, pulumiOn } from "./pulumi";

// `npm run bench`: the same result by this project and by Ansible, on two fresh hosts of the sandbox, in turns. Wall-clock
// time of a process from its start to its end; medians of `rounds`, and the SSH logins of all of them.
const rounds = 5;

interface Measured {
  seconds: number;
  logins: number;
}

async function measure(contender: Contender, label: string, changes: boolean): Promise<Measured> {
  const before = await contender.logins();
  const start = performance.now();
  const said = await contender.apply(label);
  const seconds = (performance.now() - start) / 1000;
  if (contender.changedNothing.test(said) === changes) {
    throw new Error(`${contender.name} has changed ${changes ? "nothing" : "something"}: ${said}`);
  }
  // Without the count's own.
  return { seconds, logins: (await contender.logins()) - before - 1 };
}

/** The median time and the number of logins of one. */
function median(all: readonly Measured[]): Measured {
  const sorted = [...all].sort((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor(sorted.length / 2)] ?? { seconds: NaN, logins: NaN };
}

async function compare(): Promise<void> {
  await prepareSandbox([]);
  const [first, second] = [await startHost("bench-pulumi"), await startHost("bench-ansible")];
  await step("Python on the second host, for Ansible", () => installPython(second));
  const ours = await pulumiOn(first);
  const cold = [await step("first apply, soar-profiling", () => measure(ours, "0", true))];

  // What it has rendered is what Ansible copies.
  const files = await installedFiles(first);
  const withLabel = (label: string): InstalledFile[] =>
    files.map((file) => ({
      ...file,
      content: file.content.replaceAll(`"bench" = "0"`, `"bench" = "${label}"`),
    }));
  const { versions } = (await prepareIngredients()).repository;
  const packages = Object.entries(versions).map(([name, [version]]) => `${name}=${version}`);
  const theirs = await ansibleOn(second, packages, withLabel);
  cold.push(await step("first apply, Ansible", () => measure(theirs, "0", true)));

  const contenders = [ours, theirs];
  const series = async (
    what: string,
    label: (round: number) => string,
    changes: boolean,
  ): Promise<Measured[]> => {
    const results: Measured[][] = contenders.map(() => []);
    for (let round = 1; round <= rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        const run = (): Promise<Measured> => measure(contender, label(round), changes);
        results[index]?.push(await step(`${what}, ${contender.name}, ${round} of ${rounds}`, run));
      }
    }
    return results.map(median);
  };
  const rows: [string, Measured[]][] = [
    ["first apply", cold],
    ["nothing to do", await series("nothing to do", () => "0", false)],
    ["one label of one service", await series("one label", (round) => `${round}`, true)],
  ];
  print(contenders, rows);
}

function print(contenders: readonly Contender[], rows: readonly [string, Measured[]][]): void {
  const header = ["", ...contenders.flatMap(({ name }) => [name, "logins"]), "ratio"];
  const lines = rows.map(([what, results]) => {
    const [ours, theirs] = results;
    if (ours === undefined || theirs === undefined) throw new Error(`${what} was not measured`);
    const cells = results.flatMap(({ seconds, logins }) => [`${seconds.toFixed(1)} s`, `${logins}`]);
    return [what, ...cells, (theirs.seconds / ours.seconds).toFixed(1)];
  });
  const widths = header.map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  for (const line of [header, ...lines]) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd(),
    );
  }
}

async function main(): Promise<void> {
  try {
    await compare();
  } finally {
    await stopHost("bench-pulumi");
    await stopHost("bench-ansible");
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 1;
});
