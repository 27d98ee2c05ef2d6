import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { scratchDirectory, scripts } from "./scratch";

const within = path.join(scripts, "within.pl");

describe("a limit of time", () => {
  const file = scratchDirectory();
  const run = (seconds: number, ...command: string[]): [number | null, string] => {
    const { status, stdout, stderr } = spawnSync("perl", [within, String(seconds), ...command], {
      encoding: "utf8",
      input: "from standard input\n",
    });
    return [status, stdout + stderr];
  };
  const isRunning = (pid: number): boolean =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  /** Hangs in a session of its own, as dpkg below apt, and ignores what can be ignored; its process is told in `pid`. */
  const hang = (): string => {
    const most = `trap "" TERM INT HUP; echo $$ >${file("pid")}; while :; do sleep 1; done`;
    return `trap "" TERM; setsid -w sh -c '${most}'; :`;
  };
  const hung = (): number => Number(readFileSync(file("pid"), "utf8"));

  test("leaves a command that keeps it its input, its words and its status", () => {
    expect(run(9, "sh", "-c", "cat; echo words >&2; exit 7")).toEqual([7, "from standard input\nwords\n"]);
    expect(run(9, "true")).toEqual([0, ""]);
    expect(run(9, "sh", "-c", "kill -9 $$")).toEqual([137, ""]);
    // By its path: of a directory in $PATH that nobody may read the words would be others.
    expect(run(9, "/no-such-command")).toEqual([
      127,
      "cannot run /no-such-command: No such file or directory\n",
    ]);
  });

  test("ends a command that does not, with all that it has started, and says so", () => {
    const start = Date.now();
    expect(run(1, "sh", "-c", hang())).toEqual([124, "it did not end within 1 s, and was ended\n"]);
    expect(Date.now() - start).toBeLessThan(5_000);
    expect(isRunning(hung())).toBe(false);
  });

  test("runs nothing where no time is left", () => {
    expect(run(-5, "touch", file("ran"))[0]).toBe(124);
    expect(existsSync(file("ran"))).toBe(false);
  });

  test("that is ended itself ends the command with it", async () => {
    const limit = spawn("perl", [within, "60", "sh", "-c", hang()]);
    const ended = once(limit, "exit");
    while (!existsSync(file("pid"))) await sleep(10);
    limit.kill("SIGTERM");
    expect(await ended).toEqual([143, null]);
    expect(isRunning(hung())).toBe(false);
  });

  test("that is ended on the way back, where nothing may, goes on", async () => {
    const limit = spawn("sh", [
      "-c",
      `trap "" TERM; exec perl ${within} 60 sh -c 'echo >${file("pid")}; sleep 1'`,
    ]);
    const ended = once(limit, "exit");
    while (!existsSync(file("pid"))) await sleep(10);
    limit.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  test("of the scripts ends before that of the command line around them, and has room in it for the way back", () => {
    const around = /const timeLimit = (\d+);/.exec(
      readFileSync(path.join(scripts, "../script-lines.ts"), "utf8"),
    )?.[1];
    const limits = execFileSync(
      "sh",
      [
        "-c",
        `. ${scripts}/lib.sh; echo $time_limit $lock_wait; finish_by=$((begun + 90)); seconds_left 2; in_half_the_time; seconds_left`,
        path.join(scripts, "service-config"),
      ],
      { encoding: "utf8" },
    );
    const [limit = 0, lock = 0, half, left] = limits.trim().split(/\s+/).map(Number);
    expect(limit + 30).toBeLessThan(Number(around));
    expect((limit * 2) / 3 - lock).toBeGreaterThanOrEqual(300);
    // A second may go by meanwhile.
    expect([44, 45]).toContain(half);
    expect([44, 45]).toContain(left);
  });
});
