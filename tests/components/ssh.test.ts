import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openSsh, type SshConnection } from "../../components/host/ssh";
import { newKey, startTarget, type Target, type TargetOptions } from "../sandbox/plugins/ssh-target";

const key = newKey();
let directory: string;
let target: Target | undefined;
let connection: SshConnection | undefined;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "soar-ssh-"));
});
afterEach(async () => {
  connection?.end();
  await target?.stop();
});
afterAll(() => rm(directory, { recursive: true }));

async function login(options: TargetOptions & { greeting?: string } = {}): Promise<SshConnection> {
  const { greeting, ...rest } = options;
  if (greeting !== undefined) await writeFile(path.join(directory, ".bashrc"), greeting);
  target = await startTarget({
    publicKey: key.public,
    ...(greeting === undefined ? {} : { home: directory }),
    ...rest,
  });
  const { port, hostKey } = target;
  connection = await openSsh({ address: "127.0.0.1", port, user: "deploy", hostKey }, key.private);
  return connection;
}

describe("the answer of a command", () => {
  test.each([
    ["prints to both streams", "echo hello; echo warning >&2"],
    ["prints without an end of line", "printf hello; printf warning >&2"],
    ["prints as on a terminal", "printf 'hello\\r\\n'; printf 'warning\\r\\n' >&2"],
    // Not more than the window of ssh2, whose server loses what waits for it on the other stream.
    ["prints much", "head -c 900000 /dev/zero | tr '\\0' x; head -c 900000 /dev/zero | tr '\\0' x >&2"],
    ["traces", "set -x"],
    ["traces in all shells below it", "set -xv; export SHELLOPTS"],
    ["has traps", "trap 'echo bye; echo bye >&2' EXIT; trap 'echo step; echo step >&2' DEBUG"],
    ["has options of its own", "set -euo pipefail"],
  ])("is its own where the login shell %s", async (_, greeting) => {
    const ssh = await login({ greeting });
    expect((await ssh.run("echo 'it''s'; printf end")).toString()).toBe("its\nend");
    expect(await ssh.run("true")).toEqual(Buffer.alloc(0));
    await expect(ssh.run("echo no such thing >&2; exit 3")).rejects.toThrow(/^no such thing$/);
    await expect(ssh.run("exit 3")).rejects.toThrow(/^the command ended with status 3$/);
  });

  test("is all bytes that it read", async () => {
    const ssh = await login({ greeting: "echo hello" });
    const stdin = Buffer.from(Array.from({ length: 400_000 }, (_, n) => (n * 7) % 256));
    expect((await ssh.run("cat", { stdin })).equals(stdin)).toBe(true);
    expect((await ssh.run("true", { stdin })).length).toBe(0);
  });

  test("has the ends of lines that it wrote, where a terminal is forced upon it", async () => {
    const ssh = await login({ greeting: "exec > >(sed -u 's/$/\\r/')" });
    expect((await ssh.run("printf 'a\\nb\\n'")).toString()).toBe("a\nb\n");
  });

  test("is missed where the login shell runs nothing, and its words are told", async () => {
    const ssh = await login({ greeting: "echo hello; echo This account is not available.; exit 1" });
    await expect(ssh.run("true")).rejects.toThrow(
      "the login shell did not run a command to its end; it said: hello This account is not available.",
    );
  });
});

describe("commands at once on one connection", () => {
  const ten = Array.from({ length: 10 }, (_, n) => n);

  test("are six, and the others wait", async () => {
    const ssh = await login({ maxSessions: 6 });
    const answers = await Promise.all(ten.map((n) => ssh.run(`sleep 0.1; echo ${n}`)));
    expect(answers.map(Number)).toEqual(ten);
    expect(target?.seen.connections).toBe(1);
  });

  test("are as few as the server takes", async () => {
    const ssh = await login({ maxSessions: 2 });
    const answers = await Promise.all(ten.map((n) => ssh.run(`sleep 0.05; echo ${n}`)));
    expect(answers.map(Number)).toEqual(ten);
  });

  test("all fail when it is lost", async () => {
    const ssh = await login();
    const running = Promise.allSettled(ten.map(() => ssh.run("sleep 5")));
    setTimeout(() => void target?.stop(), 300);
    for (const result of await running) {
      expect(result).toMatchObject({ reason: new Error("the connection was lost") });
    }
  });
});
