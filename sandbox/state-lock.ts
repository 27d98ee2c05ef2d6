import { readFile, readdir } from "node:fs/promises";
import * as path from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { waitFor } from "./host/process";
import { step, UserError } from "./log";

/** Milliseconds that an engine may take to end what it has begun. */
const patience = 300_000;

/**
 * Lets go of the lock that a killed engine has left in the state of a stack, so that the next command may run. An engine
 * that still works, because only its parent was killed, is waited for. For those who know that nobody else works on the
 * stack.
 *
 * @param directory what the stack was opened with
 */
export async function unlockState(
  stack: Pick<Stack, "name" | "cancel">,
  directory: string,
  limit = patience,
): Promise<void> {
  const locks = path.join(directory, "state/.pulumi/locks/organization/soar-profiling", stack.name);
  if ((await engines(locks)).length === 0) return;
  const [working] = await workingEngines(locks);
  if (working !== undefined) {
    const ended = await step(`wait for the engine of an earlier run (process ${working})`, () =>
      waitFor(async () => ((await workingEngines(locks)).length === 0 ? true : undefined), limit, 200),
    );
    if (ended === undefined) {
      throw new UserError(
        `The engine of an earlier run still works on the stack ${stack.name}`,
        `wait for it, or end it (kill ${working})`,
      );
    }
  }
  await stack.cancel();
}

/** The process ids in the locks of a stack: the engine writes its own. */
async function engines(locks: string): Promise<number[]> {
  const files = (await readdir(locks).catch(() => [])).filter((file) => file.endsWith(".json"));
  const texts = await Promise.all(
    files.map((file) => readFile(path.join(locks, file), "utf8").catch(() => "")),
  );
  return texts.map((text) => Number(/"pid":\s*(\d+)/.exec(text)?.[1] ?? 0));
}

async function workingEngines(locks: string): Promise<number[]> {
  const found = await engines(locks);
  const programs = await Promise.all(
    found.map((pid) => readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")),
  );
  return found.filter((_, index) => programs[index] === "pulumi\n");
}
