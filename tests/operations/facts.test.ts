import { mkdir, utimes, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { expect, test } from "vitest";
import { readScript } from "../../components/host/scripts";
import { run } from "../../sandbox/log";
import { scratchDirectory } from "../components/scratch";

const place = scratchDirectory();

/** The words `stored BYTES GROWN` of the host's facts. */
async function stored(): Promise<number[]> {
  const script = `${readScript("facts.sh")}\nfacts nowhere ${place("")} -- 2>/dev/null\n`;
  const { stdout } = await run("sh", ["-c", script]);
  return (/^stored (\d+) (\d+)$/m.exec(stdout) ?? []).slice(1).map(Number);
}

async function block(name: string, days: number): Promise<void> {
  const directory = place(`shared/anonymous/phlaredb/${name}`);
  await mkdir(path.join(directory, "symbols"), { recursive: true });
  const time = Date.now() / 1000 - days * 86_400;
  for (const file of ["meta.json", "symbols/index.symdb"]) {
    await writeFile(path.join(directory, file), Buffer.alloc(65_536, "x"));
    await utimes(path.join(directory, file), time, time);
  }
}

test("counts what is stored and what came in a day, and no block that is another one by now", async () => {
  await block("01JOLD", 3);
  await block("01JNEW", 0);
  const [all = 0, grown = 0] = await stored();
  expect(grown).toBeGreaterThanOrEqual(131_072);
  expect(all).toBe(2 * grown);
  await block("01JSOURCE", 0.2);
  expect(await stored()).toEqual([3 * grown, 2 * grown]);
  await writeFile(place("shared/anonymous/phlaredb/01JSOURCE/deletion-mark.json"), "{}");
  expect(await stored()).toEqual([2 * grown, grown]);
});
