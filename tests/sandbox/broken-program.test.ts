import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../sandbox/log";
import { openStack } from "../../sandbox/stack";
import { oneId } from "./harness/one-id";

/** With the real engine. */
describe("a program that breaks off", () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "soar-broken-"));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it("as its connection to the engine is lost, fails the up, and nothing is deleted", async () => {
    const up = async (): Promise<unknown> => {
      const stack = await openStack({ config: {}, directory, program: oneId });
      return (await stack.up({ suppressProgress: true })).summary.resourceChanges;
    };
    expect(await up()).toEqual({ create: 2 });
    // In a process of its own: the lost connection is a rejection that nobody handles.
    const broken = path.join(__dirname, "harness", "lost-connection.ts");
    // On a busy machine it may have begun before it hears of that.
    await expect(run(process.execPath, ["--import", "tsx", broken, directory])).rejects.toThrow(
      /The program has not come to its end: it was not begun|errors occurred: the connection was lost/,
    );
    expect(await up()).toEqual({ same: 2 });
  });
});
