import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { connectionArgs } from "../../components/host/connection";
import { cutPower, sshHost, startHost, stopHost } from "../../sandbox/host/host";
import { prepareIngredients } from "../../sandbox/host/prepare";
import { freePort } from "../../sandbox/free-port";
import { openStack, sandboxConfig } from "../../sandbox/stack";
import { TestStack } from "./harness/stack";

/** A key of the right form that no host has. */
const otherKey = ((): string => {
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const blob = Buffer.concat([part(Buffer.from("ssh-ed25519")), part(Buffer.alloc(32, 7))]);
  return `ssh-ed25519 ${blob.toString("base64")}`;
})();

describe("the connection to a host", async () => {
  const stack = await TestStack.create("ssh");
  afterAll(() => stopHost("ssh-next"));
  const { address, hostKey } = stack.host;
  const units = ["pyroscope", "alloy"];
  const files = ["/etc/pyroscope/config.yml", "/etc/alloy/conf.d/platform.alloy", "/etc/default/alloy"];
  const count = async (text: string): Promise<number> =>
    Number(await stack.operator(`journalctl -q -t sshd -t sshd-session | grep -cF '${text}' || :`));

  /** Whether the printed command opens its tunnel; its ports are others here, where other tests may have those. */
  const isOpen = async (tunnel: string): Promise<boolean> => {
    const port = await freePort();
    const command = tunnel
      .replace(/-L 12345:\S+ ?/, "")
      .replace("-L 4040:127.0.0.1:4040", `-L ${port}:127.0.0.1:4040`);
    const env = { ...process.env, SSH_KEY: stack.host.privateKeyFile };
    const { status } = spawnSync("sh", ["-c", command], { env, stdio: "ignore", timeout: 30_000 });
    if (status !== 0) return false;
    try {
      return (await fetch(`http://127.0.0.1:${port}/ready`)).ok;
    } finally {
      execFileSync("pkill", ["-f", `^ssh -fN .*-L ${port}:127.0.0.1:4040`]);
    }
  };
  const expectTunnel = async (tunnel: string): Promise<void> => {
    expect(tunnel).toContain("-L 12345:127.0.0.1:12345");
    expect(await isOpen(tunnel), tunnel).toBe(true);
  };

  it("without a pinned key is an error that tells how to get it and pin it, before any resource", async () => {
    stack.configure({ host: { address, user: "deploy" } });
    const before = await stack.logins();
    expect(await stack.upFails()).toContain(
      `- host.hostKey: is required: get the key with \`ssh-keyscan -t ed25519 ${address}\`, compare it with ` +
        "/etc/ssh/ssh_host_ed25519_key.pub on the host's own console, and pin it: " +
        'pulumi config set --path host.hostKey "ssh-ed25519 AAAA..."\n',
    );
    expect(await stack.state()).not.toContain("soar:host");
    expect(await stack.logins()).toBe(before);
  });

  it("of a host with another key is refused before anybody logs in", async () => {
    stack.configure({ host: { address, user: "deploy", hostKey: otherKey } });
    const before = await stack.logins();
    expect(await stack.upFails()).toMatch(/host key mismatch/);
    expect(await stack.logins()).toBe(before);
    expect(await stack.status("test -e /usr/local/lib/soar-profiling")).toBe(1);
  });

  it("with a private key that the host does not know says what it tries, and what the host answers", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "key-"));
    const file = path.join(directory, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
    const [, digest = ""] = execFileSync("ssh-keygen", ["-lf", file]).toString().split(" ");
    stack.configure(
      { host: { address, user: "deploy", hostKey } },
      { sshPrivateKey: await readFile(file, "utf8") },
    );
    const text = await stack.upFails();
    expect(text).toContain(
      `No command has ended on the host for 8 s: deploy@${address} port 22. Either one takes its time, or the login does not ` +
        `succeed: it is tried ten times, for about 15 s, with sshPrivateKey, whose public half is ${digest}.`,
    );
    expect(text).toMatch(/after 10 failed attempts/);
    stack.configure({}, { sshPrivateKey: await readFile(stack.host.privateKeyFile, "utf8") });
    await rm(directory, { recursive: true });
  });

  it("goes through a jump host, as root, to an address that only that one reaches", async () => {
    const jump = { address, user: "deploy", hostKey };
    stack.configure({ host: { address: "127.0.0.1", user: "root", hostKey, jump } });
    await stack.up();
    expect(await stack.operator("systemctl is-active pyroscope alloy")).toBe("active\nactive\n");
    expect(await count("Accepted publickey for root from 127.0.0.1")).toBeGreaterThan(5);
    const { tunnel } = (await stack.outputs())["urls"]?.value as { tunnel: string };
    await expectTunnel(tunnel);
    expect(await isOpen(tunnel.replaceAll(hostKey, otherKey))).toBe(false);
  });

  it("through a jump host with another key is refused", async () => {
    const before = await count("Accepted publickey for deploy");
    const jump = { address, user: "deploy", hostKey: otherKey };
    stack.configure({ host: { address: "127.0.0.1", user: "root", hostKey, jump } });
    expect(await stack.upFails()).toMatch(/proxy: .*host key mismatch/);
    expect(await count("Accepted publickey for deploy")).toBe(before);
  });

  it("as a user with sudo, directly, changes nothing on a host that root has set up", async () => {
    const before = await stack.fingerprint(files, units);
    stack.configure({ host: { address, user: "deploy", hostKey } });
    const { changes } = await stack.up();
    expect(Object.keys(changes).sort()).toEqual(["same", "update"]);
    expect(await stack.fingerprint(files, units)).toBe(before);
    await expectTunnel(((await stack.outputs())["urls"]?.value as { tunnel: string }).tunnel);
  });

  it("is made by twelve commands at once while sshd turns most of them away", async () => {
    await stack.operator(
      "echo 'MaxStartups 3:50:5' >/etc/ssh/sshd_config.d/00-few.conf && systemctl restart ssh",
    );
    const key = await readFile(stack.host.privateKeyFile, "utf8");
    const connection = pulumi.secret(connectionArgs({ address, port: 22, user: "deploy", hostKey }, key));
    const numbers = [...Array(12).keys()];
    const parallel = await openStack({
      name: "parallel",
      config: {},
      directory: stack.host.directory,
      program: () => {
        const commands = numbers.map(
          (n) =>
            new remote.Command(`command-${n}`, {
              connection,
              create: `sleep 1; echo ${n}`,
              addPreviousOutputInEnv: false,
            }),
        );
        return Promise.resolve({ said: pulumi.all(commands.map(({ stdout }) => stdout)) });
      },
    });
    const { outputs } = await parallel.up({ suppressProgress: true, parallel: 12 });
    expect(outputs["said"]?.value).toEqual(numbers.map(String));
    expect(await count("drop connection")).toBeGreaterThan(0); // It did turn some away.
    await stack.operator("rm /etc/ssh/sshd_config.d/00-few.conf && systemctl restart ssh");
  });

  it("to a host that is gone: destroy says so at once, and how to let go of the state; that works", async () => {
    await cutPower(stack.host); // Its state is in the same place, and stays.
    const start = Date.now();
    const text = await stack.destroyFails();
    expect(Date.now() - start).toBeLessThan(60_000);
    expect(text).toContain(
      `No SSH server answers at ${address} port 22, so nothing can be removed there. If the host is gone for good, let go of ` +
        "the state: pulumi state delete --all --force. After that pulumi up sets up another host, and pulumi stack rm " +
        "removes the stack.",
    );
    const [, advice = ""] = /state: pulumi (state delete [a-z -]+)\./.exec(text) ?? [];
    await stack.pulumi(...advice.split(" "), "--yes");
    expect(await stack.state()).not.toContain("command:remote:Command");
  });

  it("to the host that takes its place is made by the next `up`", async () => {
    const fresh = await startHost("ssh-next", { quiet: true });
    const { repository } = await prepareIngredients();
    const { host, repository: source } = await sandboxConfig(fresh, repository.fingerprint);
    stack.configure({ host, repository: source });
    const { changes } = await stack.up();
    expect(Object.keys(changes)).toEqual(["create"]);
    const { stdout } = await sshHost(fresh, "systemctl is-active pyroscope alloy");
    expect(stdout).toBe("active\nactive\n");
  });
});
