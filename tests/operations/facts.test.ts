import { mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { expect, test } from "vitest";
import { readScript } from "../../components/host/scripts";
import { run } from "../../sandbox/log";
import { scratchDirectory } from "../components/scratch";

const place = scratchDirectory();
const hour = 3_600_000;

/** The words `stored BYTES GROWN SECONDS` of the host's facts, and what is said to be on the disk. */
async function facts(directory = place("")): Promise<{ stored: number[]; hours: number; disk: number }> {
  const script = `${readScript("facts.sh")}\nfacts nowhere ${directory} -- 2>/dev/null\n`;
  const { stdout } = await run("sh", ["-c", script]);
  const [all = NaN, grown = NaN, seconds = NaN] = (/^stored (\d+) (\d+) (\d+)$/m.exec(stdout) ?? [])
    .slice(1)
    .map(Number);
  return {
    stored: [all, grown],
    hours: seconds / 3_600,
    disk: Number(/^disk (\d+)$/m.exec(stdout)?.[1]),
  };
}
const stored = async (): Promise<number[]> => (await facts()).stored;

const bytes = 131_072;

/** Of 128 KiB, padded: with profiles from so many hours ago until so many, and written an hour after the last. */
async function block(name: string, from: number, until: number): Promise<void> {
  const directory = place(`shared/anonymous/phlaredb/${name}`);
  await mkdir(path.join(directory, "symbols"), { recursive: true });
  const now = Date.now();
  // As Pyroscope 1.21.1 writes it, in seconds.
  const seconds = (age: number): number => (now - age * hour) / 1000;
  const meta = JSON.stringify({ ulid: name, minTime: seconds(from), maxTime: seconds(until) }, null, "\t");
  await writeFile(path.join(directory, "meta.json"), meta.padEnd(65_536));
  await writeFile(path.join(directory, "symbols/index.symdb"), Buffer.alloc(65_536, "x"));
  const written = Math.min(now, now - (until - 1) * hour) / 1000;
  for (const file of ["meta.json", "symbols/index.symdb"])
    await utimes(path.join(directory, file), written, written);
}

const mark = (name: string, details: string): Promise<void> =>
  writeFile(
    place(`shared/anonymous/phlaredb/${name}/deletion-mark.json`),
    JSON.stringify({ id: name, version: 1, details, deletion_time: 1 }),
  );

test("counts what is stored and what came in a day, and no block that is another one by now", async () => {
  await block("01JOLD", 80, 72);
  await block("01JNEW", 3, 2);
  expect(await stored()).toEqual([2 * bytes, bytes]);
  await block("01JSOURCE", 6, 5);
  expect(await stored()).toEqual([3 * bytes, 2 * bytes]);
  await mark("01JSOURCE", "source of compacted block");
  expect(await stored()).toEqual([2 * bytes, bytes]);
});

test("counts of a block that was compacted today what is of today, and what is too old until it is deleted", async () => {
  // A block of eight hours, of which two are of the last 24; and one of the week before last, such as come with a take-over.
  await block("01JCOMPACTED", 30, 22);
  await block("01JTAKENOVER", 400, 392);
  await utimes(place("shared/anonymous/phlaredb/01JTAKENOVER/symbols/index.symdb"), new Date(), new Date());
  await utimes(place("shared/anonymous/phlaredb/01JTAKENOVER/meta.json"), new Date(), new Date());
  const [all = 0, grown = 0] = await stored();
  expect(all).toBe(2 * bytes);
  expect(grown / bytes).toBeCloseTo(0.25, 2);
  await block("01JEXPIRED", 9, 1);
  await mark("01JEXPIRED", "block exceeding retention of 1h0m0s");
  const later = await stored();
  expect((later[0] ?? 0) - all).toBeGreaterThanOrEqual(bytes);
  expect((later[0] ?? 0) - all).toBeLessThan(bytes + 8_192);
  expect(later[1]).toBe(grown);
});

test("counts what 2.x stores, which has no description, by when it was written", async () => {
  const [all = 0, grown = 0] = await stored();
  for (const [name, age] of [
    ["01JTODAY", 1],
    ["01JBEFORE", 30],
  ] as const) {
    const file = place(`shared/blocks/3/anonymous/${name}/block.bin`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, Buffer.alloc(65_536, "x"));
    await utimes(file, new Date(Date.now() - age * hour), new Date(Date.now() - age * hour));
  }
  const later = await stored();
  expect(later[0]).toBe(all + 2 * 65_536);
  expect((later[1] ?? 0) - grown).toBeGreaterThan(65_000);
  expect((later[1] ?? 0) - grown).toBeLessThan(66_000);
  expect((await facts()).hours).toBe(24);
});

test("tells of how many hours that is: of as many as there are profiles of, and a day at most", async () => {
  expect((await facts()).hours).toBe(0);
  // Which Pyroscope makes when it first starts.
  await mkdir(place("shared"), { recursive: true });
  await writeFile(place("shared/pyroscope_cluster_seed.json"), "{}");
  await utimes(place("shared/pyroscope_cluster_seed.json"), 0, 0);
  await block("01JEXPIRED", 20, 19);
  await mark("01JEXPIRED", "block exceeding retention of 7h0m0s");
  await block("01JNEW", 7, 2);
  expect((await facts()).hours).toBeCloseTo(7, 1);
  await block("01JCOMPACTED", 30, 22);
  expect((await facts()).hours).toBe(24);
});

test("looks behind a link to another disk", async () => {
  await block("01JNEW", 3, 2);
  await symlink(place(""), place("link"));
  const { disk } = await facts();
  expect(disk).toBeGreaterThan(bytes);
  expect((await facts(place("link"))).disk).toBe(disk);
});
