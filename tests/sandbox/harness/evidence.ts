import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { afterAll, afterEach, type RunnerTestSuite } from "vitest";
import { sshHost, type SandboxHost } from "../../../sandbox/host/host";
import { projectRoot } from "../../../sandbox/paths";

/** After each failed test, and a failed `beforeAll`: the host's journal and the engine's output, in a folder that is named. */
export function keepEvidence(host: SandboxHost, engineLog: string): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await keep(task.name, host, engineLog);
  });
  afterAll(async ({}, suite) => {
    if (hookFailed(suite)) await keep(`before all: ${suite.name}`, host, engineLog);
  });
}

/** Whether a `beforeAll` of the suite, or of one in it, has failed: its tests are skipped then, and `afterEach` with them. */
export function hookFailed({ result, tasks }: Readonly<RunnerTestSuite>): boolean {
  if ((result?.errors ?? []).length > 0) return true;
  return tasks.some((task) => task.type === "suite" && hookFailed(task));
}

async function keep(what: string, host: SandboxHost, engineLog: string): Promise<void> {
  const name = what.replaceAll(/[^A-Za-z0-9]+/g, "-").slice(0, 80);
  const directory = path.join(projectRoot, "test-results", name);
  await mkdir(directory, { recursive: true });
  const journal = await sshHost(host, "journalctl --no-pager -o short-precise | tail -n 5000", {
    timeout: 30_000,
  });
  await writeFile(path.join(directory, `journal-${host.name}.log`), journal.stdout + journal.stderr);
  const output = await readFile(engineLog, "utf8").catch(() => "");
  await writeFile(path.join(directory, path.basename(engineLog)), output);
  console.error(
    `The host's journal and the engine's output are in ${path.relative(projectRoot, directory)}/`,
  );
}
