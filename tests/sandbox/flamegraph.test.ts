import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../config/units";
import { decodeProfile } from "../../operations/verify/decode";
import { drawPage, renderedPage } from "../../sandbox/chromium";
import { run, type RunResult } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";
import { serveWith } from "./harness/services";
import { TestStack } from "./harness/stack";

const picture = path.join(projectRoot, "test-results", "flamegraph", "soar-run-cpu.png");

/** Where the threads of the service compute. */
const compute = "soar_service::threads::compute";
const tracker = "soar_service::threads::flight_tracker";

describe("the flame graph of a service", { timeout: 600_000 }, async () => {
  const stack = await TestStack.create("flamegraph");
  const directory = await mkdtemp(path.join(tmpdir(), "flamegraph-"));
  afterAll(() => rm(directory, { recursive: true }));
  const output = path.join(directory, "soar-run.pb.gz");

  const flamegraph = async (...words: string[]): Promise<RunResult> => {
    const { command, args, ...place } = await stack.operation("flamegraph-stack.ts", ...words);
    return run(command, args, { ...place, allowFailure: true, timeout: 120_000 });
  };
  /** With this version, and this much for the threads to compute, in percent of one core. */
  const release = async (gitRef: string, work: number): Promise<void> => {
    const services = stack.setting("services") as { name: string }[];
    stack.configure({
      services: services.map((one) => (one.name === "soar-run" ? { ...one, gitRef } : one)),
    });
    await stack.up();
    await serveWith(stack, "soar-run", `--work ${work}`);
  };
  /** The points by which a function grew, as a table says it; negative where it shrank. */
  const grown = (table: string, name: string): number => {
    const row = table.split("\n").find((line) => line.endsWith(` ${name}`)) ?? "";
    return Number(/([+-]\d+\.\d) +\d+\.\d +\S+$/.exec(row)?.[1] ?? Number.NaN);
  };

  test("is fetched through SSH, by one login, as a file in the pprof format", async () => {
    await release("v1.0.0", 2);
    const arrived = async (): Promise<string> =>
      (await flamegraph("soar-run", "--since", "5m", "--output", output)).stdout;
    await expect.poll(arrived, { timeout: 120_000, interval: 2_000 }).toContain(`Written to ${output}`);
    await sleep(30_000);
    const logins = await stack.logins();
    expect(await arrived()).toMatch(
      /^soar-run cpu, sandbox, the last 5m: \d+ profiles, \d+ samples\nWritten to /,
    );
    expect(await stack.logins()).toBe(logins + 1);
    const { types, samples } = decodeProfile(await readFile(output));
    expect(types).toEqual(["cpu/nanoseconds"]);
    expect(new Set(samples.flatMap(({ functions }) => functions))).toContain(tracker);
  });

  test("is a page that a browser draws, for as long as the command runs", async () => {
    const { command, args, ...place } = await stack.operation("flamegraph-stack.ts", "soar-run");
    const shown = spawn(command, args, {
      ...place,
      env: { ...process.env, ...place.env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = once(shown, "close");
    let printed = "";
    shown.stdout.on("data", (chunk: Buffer) => (printed += String(chunk)));
    try {
      await expect.poll(() => printed, { timeout: 60_000 }).toContain("Ctrl-C ends it.");
      const url = /^Open (http:\/\/127\.0\.0\.1:\S+)$/m.exec(printed)?.[1] ?? "";
      // The graph itself is a picture; the list of functions of the same page is text.
      const functions = (): Promise<string> => renderedPage(url.replace("view=left-heavy", "view=sandwich"));
      await expect.poll(functions, { timeout: 120_000 }).toContain(tracker);
      await drawPage(url, picture);
      expect((await stat(picture)).size).toBeGreaterThan(10_000);
      expect(shown.exitCode).toBeNull();
      shown.kill("SIGINT");
      expect(await closed).toEqual([0, null]);
      await expect(fetch(url)).rejects.toThrow();
    } finally {
      shown.kill("SIGKILL");
    }
  });

  test("is compared with that before, by time and by release, when the service does something else", async () => {
    await release("v1.1.0", 60);
    const start = Date.now();
    await sleep(45_000);
    const asked = Date.now();
    const byRelease = await flamegraph("soar-run", "--since", "10m", "--by", "service_git_ref");
    expect(byRelease).toMatchObject({ code: 0, stderr: "" });
    expect(byRelease.stdout).toMatch(
      /^soar-run cpu, sandbox: service_git_ref v1\.1\.0 compared with service_git_ref v1\.0\.0\n/,
    );
    // The command looks back from where it has asked Pulumi, which takes as long as the last time.
    const now = Date.now();
    const since = `${Math.ceil((now - start + now - asked) / 1000)}s`;
    const byTime = await flamegraph("soar-run", "--since", since, "--diff", "2m");
    expect(byTime).toMatchObject({ code: 0, stderr: "" });
    const times = `the last ${formatDuration(parseDuration(since))} compared with the 2m before`;
    expect(byTime.stdout).toContain(`soar-run cpu, sandbox: ${times}\n`);
    for (const { stdout } of [byRelease, byTime]) expect(grown(stdout, compute)).toBeGreaterThan(10);

    const heap = await flamegraph(
      "soar-run",
      "--profile",
      "heap",
      "--since",
      "10m",
      "--by",
      "service_git_ref",
    );
    expect(heap).toMatchObject({ code: 0, stderr: "" });
    expect(heap.stdout).toMatch(/\nin use on average +\d+\.\d [KM]iB +\d+\.\d [KM]iB\n/);
  });

  test("is refused with what there is, where there is none of that name", async () => {
    const refused = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await flamegraph(...words);
      expect([code, stdout]).toEqual([1, ""]);
      return stderr;
    };
    expect(await refused("soar")).toMatch(
      /^No service of the stack is called soar; they are soar-run, soar-web, /,
    );
    expect(await refused("soar-web", "--profile", "heap")).toBe("soar-web has no profile heap; it has cpu\n");
    expect(await refused("soar-web", "--by", "git_ref")).toMatch(
      /^No cpu profile of soar-web of the last 15m has a label git_ref; they have environment, .*service_name/,
    );
    expect(await refused("soar-web", "--by", "environment")).toMatch(
      /^There are no two values of environment to compare in the last 15m: soar-web has sandbox only; /,
    );
  });
});
