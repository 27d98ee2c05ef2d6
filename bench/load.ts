import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseDuration } from "../config/units";
import { renderPyroscope } from "../render/pyroscope";
import { freePort } from "../sandbox/free-port";
import { step } from "../sandbox/log";
import { ensurePyroscope } from "../sandbox/tools/toolchain";
import { loadProfile } from "./load-profile";

// `npm run bench:load`: what one Pyroscope takes, by the stack's own configuration, in about five minutes. It shares the
// processors with what sends to it, and with whatever else runs here: so it is told how much processor time a profile takes, which
// is the same on a busy machine, and not only how many came through.
const seconds = 40;
const senders = 8;
const profiles = Array.from({ length: 50 }, (_, seed) => loadProfile(seed));
const size = profiles.reduce((sum, one) => sum + one.size, 0) / profiles.length;

interface Running {
  child: ChildProcess;
  url: string;
  directory: string;
}

/** Without the limits that hold it back long before the processors do, if `isUnlimited`. */
async function start(isUnlimited: boolean): Promise<Running> {
  const { path: program } = await ensurePyroscope();
  const directory = await mkdtemp(path.join(tmpdir(), "soar-load-"));
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const config = path.join(directory, "config.yml");
  const args = { version: "1.21.1", httpPort, grpcPort, raftPort: 0, retention: parseDuration("30d") };
  await writeFile(config, renderPyroscope({ ...args, dataDirectory: path.join(directory, "data") }));
  const limits = [
    "-distributor.ingestion-rate-limit-mb=100000",
    "-distributor.ingestion-burst-size-mb=100000",
  ];
  const flags = isUnlimited ? [...limits, "-ingester.max-global-series-per-tenant=0"] : [];
  const child = spawn(program, ["-config.file", config, ...flags], { stdio: "ignore", cwd: directory });
  const url = `http://127.0.0.1:${httpPort}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let attempt = 0; !(await isReady()); attempt++) {
    if (attempt === 300) throw new Error("Pyroscope is not ready after a minute");
    await sleep(200);
  }
  return { child, url, directory };
}

/** Ends in order, which writes all to the disk; returns the bytes of the blocks. */
async function end({ child, directory }: Running): Promise<number> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  const blocks = path.join(directory, "data/data/anonymous/local");
  let bytes = 0;
  for (const entry of await readdir(blocks, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size;
  await rm(directory, { recursive: true });
  return bytes;
}

async function processorSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The most memory that it has had, in MiB. */
async function memory(pid: number): Promise<number> {
  const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) / 1024;
}

interface Load {
  taken: number;
  /** By the reason. */
  refused: Record<string, number>;
  seconds: number;
}

/**
 * Profiles of so many services in turns, for a while.
 * @param most of them a second; without, as many as it takes
 */
async function load(url: string, services: number, most?: number): Promise<Load> {
  const refused: Record<string, number> = {};
  let [taken, number] = [0, 0];
  const begin = performance.now();
  const send = async (): Promise<void> => {
    while (performance.now() - begin < seconds * 1000) {
      const own = number++;
      if (most !== undefined) await sleep(begin + (own / most) * 1000 - performance.now());
      const labels = {
        __name__: "process_cpu",
        __delta__: "false",
        service_name: `service-${own % services}`,
      };
      const rawProfile = profiles[own % profiles.length]?.gzipped.toString("base64");
      const series = [
        {
          labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
          samples: [{ rawProfile }],
        },
      ];
      const answer = await fetch(`${url}/push.v1.PusherService/Push`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ series }),
      });
      const words = await answer.text();
      if (answer.ok) taken++;
      else {
        const reason = `${answer.status} ${/rate limit|series limit/i.exec(words)?.[0].toLowerCase() ?? words.slice(0, 80)}`;
        refused[reason] = (refused[reason] ?? 0) + 1;
        // As what sends would wait.
        await sleep(50);
      }
    }
  };
  await Promise.all(Array.from({ length: senders }, send));
  return { taken, refused, seconds: (performance.now() - begin) / 1000 };
}

async function measure(services: number, isUnlimited: boolean, rate?: number): Promise<string[]> {
  const pyroscope = await start(isUnlimited);
  const pid = pyroscope.child.pid ?? 0;
  const before = await processorSeconds(pid);
  const { taken, refused, seconds: took } = await load(pyroscope.url, services, rate);
  const spent = (await processorSeconds(pid)) - before;
  const most = await memory(pid);
  const bytes = await end(pyroscope);
  const told = Object.entries(refused).map(([reason, count]) => `${reason}: ${count}`);
  return [
    String(services * 2),
    (taken / took).toFixed(0),
    ((spent / taken) * 1000).toFixed(1),
    ((2 * taken) / spent).toFixed(0),
    most.toFixed(0),
    (bytes / taken).toFixed(0),
    told.join(", ") || "none",
  ];
}

const heads = [
  "series",
  "profiles/s taken here",
  "processor ms a profile",
  "profiles/s of two processors",
  "MiB of memory",
  "bytes a profile",
  "refused",
];

async function main(): Promise<void> {
  const rows = [];
  for (const services of [10, 100, 1_000, 10_000])
    rows.push(await step(`${services} services, without limits`, () => measure(services, true)));
  rows.push(await step("100 services, as configured", () => measure(100, false)));
  // So slowly that it is the series that are too many.
  rows.push(await step("3000 services, as configured, slowly", () => measure(3_000, false, 75)));
  const [cpu] = cpus();
  console.log(
    `\n${new Date().toISOString()}, ${cpus().length} processors (${cpu?.model ?? "unknown"}), load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`profiles of ${(size / 1024).toFixed(0)} KiB, for ${seconds} s each; two series a service\n`);
  for (const row of [heads, heads.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
