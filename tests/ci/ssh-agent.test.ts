import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { withSshKey } from "../../ci/ssh-agent";
import { run } from "../../sandbox/log";

const before = { ...process.env };
let directory = "";
let key = "";
let fingerprint = "";

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "soar-agent-test-"));
  const file = path.join(directory, "key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "a passphrase", "-f", `${file}-locked`]);
  key = await readFile(file, "utf8");
  fingerprint = (await run("ssh-keygen", ["-lf", file])).stdout.split(" ")[1] ?? "";
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => {
  process.env = { ...before };
});

it.each([
  ["as it is", (text: string) => text],
  ["without its last newline, as a secret often is", (text: string) => text.trim()],
  ["with the line ends of Windows", (text: string) => text.replaceAll("\n", "\r\n")],
])("has a key %s in an agent of its own, which ends", async (_, written) => {
  process.env["SSH_PRIVATE_KEY"] = written(key);
  const socket = await withSshKey(async (isGiven) => {
    expect(isGiven).toBe(true);
    expect(process.env).not.toHaveProperty("SSH_PRIVATE_KEY");
    expect((await run("ssh-add", ["-l"])).stdout).toContain(fingerprint);
    return process.env["SSH_AUTH_SOCK"] ?? "";
  });
  expect(socket).not.toBe("");
  expect(existsSync(path.dirname(socket))).toBe(false);
});

it("has no agent any more once it was killed", { timeout: 60_000 }, async () => {
  const step = spawn(process.execPath, ["--import", "tsx", path.join(__dirname, "holds-key.ts")], {
    env: { ...process.env, SSH_PRIVATE_KEY: key },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [socket] = (await once(step.stdout.setEncoding("utf8"), "data")) as [string];
  const agent = { ...process.env, SSH_AUTH_SOCK: socket.trim() };
  expect((await run("ssh-add", ["-l"], { env: agent })).stdout).toContain(fingerprint);
  step.kill("SIGKILL");
  await vi.waitFor(
    () => {
      expect(existsSync(socket.trim())).toBe(false);
    },
    { timeout: 30_000, interval: 500 },
  );
  await rm(path.dirname(socket.trim()), { recursive: true });
});

it("has none without a key", async () => {
  process.env["SSH_PRIVATE_KEY"] = "";
  process.env["SSH_AUTH_SOCK"] = "/the/one/that/runs";
  expect(await withSshKey((isGiven) => Promise.resolve([isGiven, process.env["SSH_AUTH_SOCK"]]))).toEqual([
    false,
    "/the/one/that/runs",
  ]);
});

it("refuses what is no key that can be used, without a word of it", async () => {
  const locked = await readFile(path.join(directory, "key-locked"), "utf8");
  for (const text of ["no key of any kind", locked]) {
    process.env["SSH_PRIVATE_KEY"] = text;
    const refused = withSshKey(() => Promise.resolve());
    await expect(refused).rejects.toThrow(/^SSH_PRIVATE_KEY is no private key without a passphrase: /);
    await expect(refused).rejects.not.toThrow(text.slice(0, 40));
  }
});
