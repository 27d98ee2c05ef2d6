import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isLocked, lock } from "../../sandbox/lock";
import { identify, thisProcess } from "../../sandbox/process-id";

let directory: string;
let file: string;
let printed: string;
let holder: ChildProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "lock-test-"));
  file = path.join(directory, "x.lock");
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

afterEach(async () => {
  holder?.kill("SIGKILL");
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

/** The lock of another process, which runs until it is told to end. */
async function heldByAnother(): Promise<{ pid: number; end: () => Promise<void> }> {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  holder = child;
  await once(child, "spawn");
  const { pid = 0 } = child;
  await writeFile(file, JSON.stringify(await identify(pid)));
  const end = async (): Promise<void> => {
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  };
  return { pid, end };
}

describe("a lock", () => {
  it("is held until it is let go of, and leaves no file", async () => {
    const release = await lock(file);
    expect(await isLocked(file)).toBe(true);
    expect(await readdir(directory)).toEqual(["x.lock"]);
    let second = false;
    const next = lock(file).then((releaseNext) => {
      second = true;
      return releaseNext();
    });
    await sleep(50);
    expect(second).toBe(false);
    await release();
    await next;
    expect(await isLocked(file)).toBe(false);
    expect(await readdir(directory)).toEqual([]);
  });

  it("of a process that ends is taken over; the wait for it is told once", async () => {
    const { pid, end } = await heldByAnother();
    expect(await isLocked(file)).toBe(true);
    const taken = lock(file);
    await vi.waitUntil(() => printed !== "", { timeout: 10_000 });
    await sleep(500);
    expect(printed).toBe(`    waiting for process ${pid}, which holds ${file}\n`);
    await end();
    const release = await taken;
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(await thisProcess());
    await release();
  });

  it.each([
    ["another process with the same number", { startTime: "1" }],
    ["the same number before the machine's last start", { bootId: "another" }],
  ])("is not held by %s", async (_, other) => {
    await writeFile(file, JSON.stringify({ ...(await thisProcess()), ...other }));
    expect(await isLocked(file)).toBe(false);
    await (
      await lock(file)
    )();
    expect(printed).toBe("");
  });

  it("is not held where the machine went down before its content was on the disk", async () => {
    for (const content of ["", "\0\0\0"]) {
      await writeFile(file, content);
      expect(await isLocked(file)).toBe(false);
      await (
        await lock(file)
      )();
    }
  });

  it("that a process has left is taken over by one of many, the others wait", async () => {
    await writeFile(file, JSON.stringify({ ...(await thisProcess()), startTime: "1" }));
    let [holders, most] = [0, 0];
    const work = async (): Promise<void> => {
      const release = await lock(file);
      most = Math.max(most, (holders += 1));
      await sleep(5);
      holders -= 1;
      await release();
    };
    await Promise.all(Array.from({ length: 5 }, work));
    expect(most).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  it("that has gone with its directory is let go of", async () => {
    const release = await lock(file);
    await rm(file);
    await expect(release()).resolves.toBeUndefined();
  });
});
