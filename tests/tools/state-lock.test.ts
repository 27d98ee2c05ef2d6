import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unlockState } from "../../sandbox/state-lock";
import { findProgram } from "../../sandbox/tools/installed";

let directory: string;
let engine: ChildProcess | undefined;
const stack = { name: "sandbox", cancel: vi.fn(() => Promise.resolve()) };

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "state-lock-test-"));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  stack.cancel.mockClear();
});

afterEach(async () => {
  engine?.kill("SIGKILL");
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

/** What an engine leaves in the state when it is killed. */
async function leaveLock(pid: number): Promise<void> {
  const locks = path.join(directory, "state/.pulumi/locks/organization/soar-profiling/sandbox");
  await mkdir(locks, { recursive: true });
  await writeFile(path.join(locks, "e1c0.json"), JSON.stringify({ pid, username: "root", hostname: "here" }));
}

/** A process that passes for an engine at work. */
async function startEngine(): Promise<ChildProcess & { pid: number }> {
  await symlink((await findProgram("sleep")) ?? "", path.join(directory, "pulumi"));
  const child = spawn(path.join(directory, "pulumi"), ["60"], { stdio: "ignore" });
  engine = child;
  await once(child, "spawn");
  return child as ChildProcess & { pid: number };
}

describe("the lock in a stack's state", () => {
  it("is not touched where there is none", async () => {
    await unlockState(stack, directory);
    expect(stack.cancel).not.toHaveBeenCalled();
  });

  it("of an engine that was killed is let go of, also when another program has its number", async () => {
    for (const pid of [2 ** 30, process.pid]) {
      await leaveLock(pid);
      await unlockState(stack, directory);
    }
    expect(stack.cancel).toHaveBeenCalledTimes(2);
  });

  it("of an engine that still works is waited for", async () => {
    const working = await startEngine();
    await leaveLock(working.pid);
    const unlocked = unlockState(stack, directory);
    setTimeout(() => working.kill(), 300);
    await unlocked;
    expect(working.signalCode).toBe("SIGTERM");
    expect(stack.cancel).toHaveBeenCalledTimes(1);
  });

  it("of one that does not end is not touched, and the process is named", async () => {
    const { pid } = await startEngine();
    await leaveLock(pid);
    await expect(unlockState(stack, directory, 50)).rejects.toThrow(
      `The engine of an earlier run still works on the stack sandbox: wait for it, or end it (kill ${pid})`,
    );
    expect(stack.cancel).not.toHaveBeenCalled();
  });
});
