import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run, type RunResult } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1bVPzc7Yl0xM9Q0gXb3T2a5kzC8dY4uWfH6rEoQs1N";
const settings = "# Ours\nconfig:\n  soar-profiling:host:\n    address: a.test\n    user: deploy\n";
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "soar-host-key-"));
  await writeFile(path.join(directory, "Pulumi.prod.yaml"), settings);
});
afterEach(() => rm(directory, { recursive: true }));

const tsx = pathToFileURL(path.join(projectRoot, "node_modules/tsx/dist/loader.mjs")).href;
const pin = (given: string): Promise<RunResult> =>
  run(process.execPath, ["--import", tsx, path.join(projectRoot, "ci/host-key.ts"), "prod"], {
    cwd: directory,
    env: { HOST_KEY: given },
    allowFailure: true,
  });
const file = (): Promise<string> => readFile(path.join(directory, "Pulumi.prod.yaml"), "utf8");

it("pins the key of the secret where none is pinned; the same one once more is no change, another one is refused", async () => {
  expect((await pin("")).code).toBe(0);
  expect(await file()).toBe(settings);
  expect((await pin(`${key}\n`)).code).toBe(0);
  const pinned = await file();
  expect(pinned).toMatch(/^# Ours\n[^]*hostKey: .*AAAAC3/);
  expect((await pin(key)).code).toBe(0);
  expect(await file()).toBe(pinned);
  const refused = await pin(key.replace("J1bV", "J2bV"));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /^Pulumi\.prod\.yaml pins another host key than the secret HOST_KEY has: compare both/,
  );
  expect(await file()).toBe(pinned);
});
