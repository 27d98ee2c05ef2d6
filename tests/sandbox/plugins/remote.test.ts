import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { remote, type types } from "@pulumi/command";
import { secret } from "@pulumi/pulumi";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../../sandbox/log";
import { type Engine, startEngine, type TestStack } from "./engine";
import { newKey, startTarget, type Target, type TargetOptions } from "./ssh-target";

type Args = Partial<remote.CommandArgs>;

/** The contract of `remote.Command`. With PLUGINS=official it runs against the official plugin. */
describe("remote.Command", () => {
  let engine: Engine;
  let stack: TestStack;
  let directory: string;
  let target: Target;
  let stacks = 0;
  const targets: Target[] = [];

  beforeAll(async () => {
    engine = await startEngine();
  });
  afterAll(() => {
    engine.stop();
  });
  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), "soar-remote-"));
    stack = await engine.stack(`remote${stacks++}`);
    target = await start();
  });
  afterEach(async () => {
    await Promise.all(targets.splice(0).map((each) => each.stop()));
    rmSync(directory, { recursive: true, force: true });
  });

  const start = async (options?: TargetOptions): Promise<Target> => {
    const started = await startTarget(options);
    targets.push(started);
    return started;
  };
  const connectionTo = (to: Target): types.input.remote.ConnectionArgs => ({
    host: "127.0.0.1",
    port: to.port,
    hostKey: to.hostKey,
    dialErrorLimit: 0,
  });
  const program =
    (args: Args, connection: types.input.remote.ConnectionArgs = connectionTo(target)) =>
    async (): Promise<object> => {
      const { stdout, stderr } = new remote.Command("it", { connection, ...args });
      return Promise.resolve({ stdout, stderr });
    };
  const file = (name: string): string => path.join(directory, name);
  const up = async (
    args: Args,
    connection?: types.input.remote.ConnectionArgs,
  ): ReturnType<TestStack["up"]> => {
    const outcome = await stack.up(program(args, connection));
    expect(outcome.error).toBeUndefined();
    return outcome;
  };

  it("runs create once, gives its output without the last line's end, and dials no more while nothing changes", async () => {
    const args = { create: "printf 'one\\ntwo\\n\\n'; echo three >&2" };
    expect((await up(args)).outputs).toEqual({ stdout: "one\ntwo\n", stderr: "three" });
    expect((await up(args)).changes).toEqual({ same: 2 });
    expect(target.seen.connections).toBe(1);
  });

  it("never dials in a preview, nor in a refresh", async () => {
    expect((await stack.preview(program({ create: "echo 1" }))).changes).toEqual({ create: 2 });
    await up({ create: "echo 1" });
    expect((await stack.preview(program({ create: "echo 2" }))).changes).toEqual({ same: 1, update: 1 });
    await stack.refresh();
    expect(target.seen.connections).toBe(1);
  });

  it("runs update on a changed input", async () => {
    await up({ create: "echo created", update: "echo updated", stdin: "1" });
    const second = await up({ create: "echo created", update: "echo updated", stdin: "2" });
    expect(second.outputs["stdout"]).toBe("updated");
  });

  it("runs create again on a changed input when there is no update", async () => {
    await up({ create: "cat", stdin: "1" });
    expect((await up({ create: "cat", stdin: "2" })).outputs["stdout"]).toBe("2");
  });

  it("shows a changed stdin line by line in a preview", async () => {
    await up({ create: "true", stdin: "kept\nold line\n" });
    const preview = await stack.preview(program({ create: "true", stdin: "kept\nnew line\n" }), true);
    expect(preview.output).toMatch(/- +old line/);
    expect(preview.output).toMatch(/\+ +new line/);
  });

  it("replaces when triggers change, even with an update: the new create first, then the old delete", async () => {
    const args = (name: string): Args => ({
      create: `echo create ${name}`,
      update: "echo update",
      delete: `echo delete ${name}`,
      triggers: [name],
    });
    await up(args("old"));
    expect((await up(args("new"))).changes).toEqual({ same: 1, replace: 1 });
    expect(target.seen.commands).toEqual(["echo create old", "echo create new", "echo delete old"]);
  });

  it("deletes by the command in the state", async () => {
    await up({ create: "true", delete: `cat > ${file("gone")}`, stdin: "as stored" });
    expect((await stack.destroy()).error).toBeUndefined();
    expect(readFileSync(file("gone"), "utf8")).toBe("as stored");
  });

  it("takes a changed connection for an update, over the new connection", async () => {
    await up({ create: "echo create", update: "echo update" });
    const other = await start();
    const second = await up({ create: "echo create", update: "echo update" }, connectionTo(other));
    expect(second.changes).toEqual({ same: 1, update: 1 });
    expect(other.seen.commands).toEqual(["echo update"]);
    expect(target.seen.commands).toEqual(["echo create"]);
  });

  it("keeps the connection and a secret stdin secret in the state, and the output plain", async () => {
    await up(
      { create: "cat", stdin: secret("sentinel-in") },
      { ...connectionTo(target), password: "sentinel-pw" },
    );
    const { inputs, outputs } = stack.state("command:remote:Command");
    for (const bag of [inputs, outputs]) {
      expect(bag["connection"]).toHaveProperty("ciphertext");
      expect(bag["stdin"]).toHaveProperty("ciphertext");
    }
    expect(JSON.stringify([inputs, { ...outputs, stdout: "" }])).not.toContain("sentinel");
    expect(outputs["stdout"]).toBe("sentinel-in");
  });

  it("passes the output of the last run on, unless told not to", async () => {
    const update = 'echo "[$PULUMI_COMMAND_STDOUT][$PULUMI_COMMAND_STDERR]"';
    const create = "echo out; echo err >&2";
    await up({ create, update, stdin: "1" });
    expect((await up({ create, update, stdin: "2" })).outputs["stdout"]).toBe("[out][err]");
    const third = await up({ create, update, stdin: "2", addPreviousOutputInEnv: false });
    expect(third.outputs["stdout"]).toBe("[][]");
  });

  it("sets the environment, and runs nothing when the server does not accept it", async () => {
    const picky = await start({ accept: (name) => name.startsWith("GOOD") });
    const accepted = await up(
      { create: "echo $GOOD_ONE", environment: { GOOD_ONE: "yes" } },
      connectionTo(picky),
    );
    expect(accepted.outputs["stdout"]).toBe("yes");
    const refused = await stack.up(
      program({ create: "echo no", environment: { BAD: "x" } }, connectionTo(picky)),
    );
    expect(refused.error).toContain('could not set environment variable "BAD"');
    expect(refused.error).toContain("AcceptEnv");
    expect(picky.seen.commands).toEqual(["echo $GOOD_ONE"]);
  });

  it("warns only, when the server does not accept the last output", async () => {
    const picky = await start({ accept: () => false });
    await up({ create: "echo 1" }, connectionTo(picky));
    const second = await up({ create: "echo 2" }, connectionTo(picky));
    expect(second.outputs["stdout"]).toBe("2");
    expect(second.logged.join("\n")).toContain("Unable to set 'PULUMI_COMMAND_STDOUT'");
  });

  it("logs in by an encrypted private key", async () => {
    const key = newKey("key's password");
    const guarded = await start({ publicKey: key.public });
    const login = { user: "deploy", privateKey: key.private, privateKeyPassword: "key's password" };
    await up({ create: "true" }, { ...connectionTo(guarded), ...login });
    expect(guarded.seen.logins).toEqual(["deploy by publickey"]);
    const wrong = await stack.up(
      program({ create: "echo again" }, { ...connectionTo(guarded), password: "wrong" }),
    );
    expect(wrong.error).toContain("after 0 failed attempts");
    expect(guarded.seen.commands).toEqual(["true"]);
  });

  it("does not dial with a private key that cannot be read", async () => {
    const login = { ...connectionTo(target), privateKey: "no key", dialErrorLimit: 10 };
    const outcome = await stack.up(program({ create: "true" }, login));
    expect(outcome.error).toContain("error: ssh: no key found");
    expect(target.seen.connections).toBe(0);
  });

  it("logs in by an agent", async () => {
    const key = newKey();
    const guarded = await start({ publicKey: key.public });
    const socket = file("agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      while (!existsSync(socket)) await sleep(20);
      await run("ssh-add", ["-q", "-"], { env: { SSH_AUTH_SOCK: socket }, input: key.private });
      await up({ create: "true" }, { ...connectionTo(guarded), agentSocketPath: socket });
      expect(guarded.seen.logins).toEqual(["root by publickey"]);
    } finally {
      agent.kill();
    }
  });

  it("refuses a host with another key before it logs in", async () => {
    const other = await start();
    const outcome = await stack.up(
      program({ create: "true" }, { ...connectionTo(target), hostKey: other.hostKey }),
    );
    expect(outcome.error).toContain("host key mismatch");
    expect(target.seen).toMatchObject({ logins: [], commands: [] });
  });

  it("takes any host key when none is given", async () => {
    const { host, port } = connectionTo(target);
    await up({ create: "true" }, { host, port: port ?? 22 });
  });

  it("dials again until the host answers", async () => {
    const late = await start({ cutFirst: 3 });
    await up({ create: "true" }, { ...connectionTo(late), dialErrorLimit: 3 });
    expect(late.seen.connections).toBe(4);
  });

  it("gives up after the limit of failed dials", async () => {
    const never = await start({ cutFirst: Infinity });
    const outcome = await stack.up(
      program({ create: "true" }, { ...connectionTo(never), dialErrorLimit: 2 }),
    );
    expect(outcome.error).toContain("after 2 failed attempts");
    expect(never.seen.connections).toBe(3);
  });

  it("fails with the status, the escaped command and all output, whatever the logging", async () => {
    const create = "echo 'to \"out\"'; echo to err >&2; exit 3";
    const outcome = await stack.up(program({ create, logging: "none" }));
    expect(outcome.error).toContain(`Process exited with status 3: running ${JSON.stringify(create)}:`);
    expect(outcome.error).toMatch(/to "out"\n\s*to err|to err\n\s*to "out"/);
  });

  it("keeps the old inputs when an update fails, so that the next up tries again", async () => {
    await up({ create: "true", stdin: "old" });
    const failed = await stack.up(program({ create: `test -e ${file("ready")}`, stdin: "new" }));
    expect(failed.error).toContain("Process exited with status 1");
    expect(stack.state("command:remote:Command").inputs["stdin"]).toBe("old");
    const again = await up({ create: `touch ${file("ready")}; test -e ${file("ready")}`, stdin: "new" });
    expect(again.changes).toEqual({ same: 1, update: 1 });
    expect(existsSync(file("ready"))).toBe(true);
  });

  it.each([
    { logging: undefined, lines: ["to-out", "to-err"] },
    { logging: "stdout" as const, lines: ["to-out"] },
    { logging: "stderr" as const, lines: ["to-err"] },
    { logging: "none" as const, lines: [] },
  ])("logs the lines that logging $logging lets through", async ({ logging, lines }) => {
    const create = "echo to-out; echo to-err >&2";
    const { logged } = await up(logging === undefined ? { create } : { create, logging });
    expect(logged.filter((line) => line.startsWith("to-")).sort()).toEqual([...lines].sort());
  });

  it("goes through a proxy", async () => {
    const hop = await start({ password: "hop" });
    const proxy = { host: "127.0.0.1", port: hop.port, hostKey: hop.hostKey, user: "jump", password: "hop" };
    const outcome = await up({ create: "echo far" }, { ...connectionTo(target), proxy });
    expect(outcome.outputs["stdout"]).toBe("far");
    expect(hop.seen).toMatchObject({ logins: ["jump by password"], commands: [], forwards: 1 });
    expect(target.seen.commands).toEqual(["echo far"]);
  });
});
