import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { end, waitFor } from "../../sandbox/host/process";
import { identify, isRunning } from "../../sandbox/process-id";

async function start(script: string): Promise<number> {
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  if (child.pid === undefined) throw new Error("not started");
  return child.pid;
}

describe("a process", () => {
  test("is known by its start, not by its number alone", async () => {
    const id = await identify(await start("echo; exec sleep 60"));
    if (id === undefined) throw new Error("not found");
    expect(await isRunning(id)).toBe(true);
    expect(await isRunning({ ...id, startTime: "1" })).toBe(false);
    expect(await isRunning({ ...id, bootId: "another start of the machine" })).toBe(false);
    await end(id, 2000);
    expect(await isRunning(id)).toBe(false);
  });

  test("another one with the same number is left alone", async () => {
    const id = await identify(await start("echo; exec sleep 60"));
    if (id === undefined) throw new Error("not found");
    await end({ ...id, startTime: "1" }, 100);
    expect(await isRunning(id)).toBe(true);
    await end(id, 2000);
  });

  test("that ignores SIGTERM is killed", async () => {
    const id = await identify(await start("trap '' TERM; echo; while :; do sleep 0.1; done"));
    if (id === undefined) throw new Error("not found");
    await end(id, 200);
    expect(await isRunning(id)).toBe(false);
  });

  test("that does not run has no identity", async () => {
    expect(await identify(2 ** 30)).toBeUndefined();
  });
});

describe("waitFor", () => {
  test("gives the first result, or undefined when the time is over", async () => {
    const answers = [undefined, undefined, "done", "too late"];
    expect(await waitFor(() => Promise.resolve(answers.shift()), 1000, 1)).toBe("done");
    expect(answers).toEqual(["too late"]);
    expect(await waitFor<string>(() => Promise.resolve(undefined), 20, 5)).toBeUndefined();
  });
});
