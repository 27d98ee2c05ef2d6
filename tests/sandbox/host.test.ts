import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, networkInterfaces } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onConsole } from "../../sandbox/host/console";
import { cutPower, hostStatus, sshHost, startHost, stopHost } from "../../sandbox/host/host";
import type { SandboxHost } from "../../sandbox/host/host";
import { knownHostsFile } from "../../sandbox/host/ssh";
import { run } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";

const names = ["host-a", "host-b", "host-small"];
const hosts = new Map<string, SandboxHost>();

function host(name: string): SandboxHost {
  const found = hosts.get(name);
  if (found === undefined) throw new Error(`The host ${name} was not started`);
  return found;
}

async function output(name: string, command: string): Promise<string> {
  const result = await sshHost(host(name), command);
  expect(result.stderr).toBe("");
  return result.stdout.trim();
}

/** What a host may leave on this machine outside its directory. */
async function traces(): Promise<Record<string, string[]>> {
  const mine = (text: string): boolean => names.some((name) => text.includes(name));
  const processes = await Promise.all(
    (await readdir("/proc"))
      .filter((entry) => /^\d+$/.test(entry))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  const groups = await Promise.all(
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"].map((directory) =>
      readdir(directory).catch((): string[] => []),
    ),
  );
  const directories = [...hosts.values()].map((started) => started.directory);
  return {
    mounts: (await readFile("/proc/self/mounts", "utf8")).split("\n").filter(mine),
    processes: processes.filter((command) => command.includes("nspawn") && mine(command)),
    groups: groups.flat().filter(mine),
    nspawn: await readdir("/run/systemd/nspawn/propagate")
      .catch((): string[] => [])
      .then((entries) => entries.filter(mine)),
    gateways: Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => address)
      .filter((address) => [...hosts.values()].some(({ gateway }) => gateway === address)),
    directories: directories.filter((directory) => existsSync(directory)),
    locks: directories.map((directory) => `${directory}.lock`).filter((file) => existsSync(file)),
  };
}

beforeAll(async () => {
  for (const name of names) await stopHost(name);
  hosts.set("host-a", await startHost("host-a")); // Makes the image when there is none.
}, 1_800_000);

afterAll(async () => {
  for (const name of names) await stopHost(name);
}, 60_000);

describe("a host", () => {
  test("is there, from the image to a login, within three seconds unless the machine is overloaded", async () => {
    // On a machine that has more to do than it can, time on the clock says little about the host.
    const limit = (loadavg()[0] ?? 0) > 4 * cpus().length ? 30 : 3;
    // The best of three: what else runs on the machine counts too.
    let seconds = Infinity;
    for (let attempt = 0; attempt < 3 && seconds >= limit; attempt += 1) {
      await stopHost("host-a");
      const start = performance.now();
      hosts.set("host-a", await startHost("host-a"));
      seconds = Math.min(seconds, (performance.now() - start) / 1000);
      console.log(`from the image to a login: ${seconds.toFixed(2)} s (limit ${limit} s)`);
    }
    expect(seconds).toBeLessThan(limit);
  });

  test("is a Debian 13 with systemd, and all of it is up", async () => {
    expect(await output("host-a", "cat /proc/1/comm; . /etc/os-release; echo $PRETTY_NAME")).toBe(
      "systemd\nDebian GNU/Linux 13 (trixie)",
    );
    expect(await output("host-a", "systemctl is-system-running; systemctl --failed --no-legend")).toBe(
      "running",
    );
  });

  test("has Debian's Prometheus and Caddy, and no Pyroscope, no Alloy, no foreign package source", async () => {
    expect(await output("host-a", "systemctl is-active prometheus caddy")).toBe("active\nactive");
    expect(await output("host-a", "ss -ltnH 'sport = :9090' | wc -l")).toBe("1");
    expect(await output("host-a", "ls /usr/bin/pyroscope /usr/bin/alloy 2>&1 | grep -c 'No such'")).toBe("2");
    expect(
      await output("host-a", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | wc -c"),
    ).toBe("0");
    const timers = await sshHost(
      host("host-a"),
      "systemctl is-enabled apt-daily.timer apt-daily-upgrade.timer",
    );
    expect(timers.stdout).toBe("masked\nmasked\n");
  });

  test("has a machine id and a name of its own, and does not see the internet", async () => {
    expect(await output("host-a", "cat /etc/machine-id")).toMatch(/^[0-9a-f]{32}$/);
    expect(await output("host-a", "hostname; getent hosts $(hostname) | wc -l")).toBe("soar-host-a\n1");
    // No name is waited for.
    expect(await output("host-a", "timeout 2 getent hosts example.invalid || echo $?")).toBe("2");
    const { gateway } = host("host-a");
    expect(await output("host-a", "ip -4 route show default")).toMatch(
      new RegExp(`^default via ${gateway} `),
    );
  });

  test("is the same when it is started again while it runs", async () => {
    const before = await output(
      "host-a",
      "cat /proc/sys/kernel/random/boot_id /etc/machine-id; cat /proc/1/stat",
    );
    expect(await startHost("host-a")).toEqual(host("host-a"));
    const after = await output(
      "host-a",
      "cat /proc/sys/kernel/random/boot_id /etc/machine-id; cat /proc/1/stat",
    );
    expect(after.split(" ")[21]).toBe(before.split(" ")[21]); // PID 1's start time
  });

  test("serves its package repository to the host", async () => {
    const { repositoryUrl } = host("host-a");
    expect(await output("host-a", `curl -s -o /dev/null -w '%{http_code}' ${repositoryUrl}/key.asc`)).toBe(
      "200",
    );
  });
});

describe("ssh", () => {
  test("passes input, output and exit status on", async () => {
    const result = await sshHost(host("host-a"), "cat; echo err >&2; exit 7", { input: "in ä 'x'\n" });
    expect(result).toEqual({ code: 7, stdout: "in ä 'x'\n", stderr: "err\n" });
  });

  test("deploy has sudo without a password", async () => {
    const result = await sshHost(host("host-a"), "id -un; sudo -n id -un", { user: "deploy" });
    expect(result).toEqual({ code: 0, stdout: "deploy\nroot\n", stderr: "" });
  });

  test("takes keys only", async () => {
    const { address, directory } = host("host-a");
    for (const user of ["root", "deploy"]) {
      const args = ["-F", "none", "-o", `UserKnownHostsFile=${knownHostsFile(directory)}`];
      args.push("-o", "PubkeyAuthentication=no", "-o", "BatchMode=yes", `${user}@${address}`, "true");
      const result = await run("ssh", args, { allowFailure: true });
      expect(result.code).toBe(255);
      expect(result.stderr).toContain("Permission denied (publickey)");
    }
  });

  test("the host key is the one known beforehand, and another is refused", async () => {
    const { address, hostKey, directory, privateKeyFile } = host("host-a");
    const scanned = await run("ssh-keyscan", ["-t", "ed25519", address]);
    expect(scanned.stdout.trim()).toBe(`${address} ${hostKey}`);

    const wrong = path.join(directory, "wrong_known_hosts");
    const login = (await readFile(`${privateKeyFile}.pub`, "utf8")).trim();
    await writeFile(wrong, `${address} ${login}\n`);
    const args = ["-F", "none", "-o", `UserKnownHostsFile=${wrong}`, "-o", "StrictHostKeyChecking=yes"];
    const result = await run("ssh", [...args, "-i", privateKeyFile, `root@${address}`, "true"], {
      allowFailure: true,
    });
    expect(result.code).toBe(255);
    expect(result.stderr).toContain("Host key verification failed");
  });

  test("the console works without it", async () => {
    await sshHost(host("host-a"), "systemctl stop ssh.socket ssh.service 2>&1");
    expect((await sshHost(host("host-a"), "true")).code).toBe(255);
    expect(await onConsole(host("host-a"), "systemctl start ssh.service; hostname; exit 3")).toEqual({
      code: 3,
      stdout: "soar-host-a\n",
      stderr: "",
    });
    expect((await sshHost(host("host-a"), "true")).code).toBe(0);
  });
});

describe("several hosts", () => {
  test("run at once and do not share their disks", async () => {
    const [second, small] = await Promise.all([
      startHost("host-b"),
      startHost("host-small", { limited: { path: "/var/lib", size: "160M" } }),
    ]);
    hosts.set("host-b", second).set("host-small", small);
    expect(new Set([...hosts.values()].map(({ address }) => address)).size).toBe(3);
    await output("host-a", "echo a >/root/whose");
    await output("host-b", "echo b >/root/whose");
    expect(await output("host-a", "cat /root/whose")).toBe("a");
    expect(await output("host-b", "cat /root/whose")).toBe("b");
    // Units of one host are not units of the other: systemd keeps each in control groups of its own.
    await output("host-a", "systemctl restart prometheus caddy");
    expect(await output("host-b", "systemctl is-system-running")).toBe("running");
  });

  test("one has a file system of limited size, with Debian's files on it", async () => {
    expect(await output("host-small", "findmnt -n -o SIZE --mountpoint /var/lib")).toBe("160M");
    expect(
      await output("host-small", "dpkg-query -W -f '${Status}' caddy; systemctl is-system-running"),
    ).toBe("install ok installedrunning");
    const filled = await sshHost(host("host-small"), "head -c 200M /dev/zero >/var/lib/filler");
    expect(filled.code).not.toBe(0);
    expect(filled.stderr).toContain("No space left on device");
  });

  test("a network that is taken is told, with what holds it", async () => {
    const taken = Number(host("host-b").address.split(".")[2]);
    await expect(startHost("host-c", { subnet: taken })).rejects.toThrow(
      `The sandbox's network ${host("host-b").gateway}/24 is taken by the host host-b`,
    );
  });
});

describe("after a power cut", () => {
  test("a host starts again with its disk, its address and its limited file system", async () => {
    await output("host-small", "rm /var/lib/filler; echo kept | tee /root/kept >/var/lib/kept");
    await cutPower(host("host-small"));
    expect((await hostStatus("host-small"))?.running).toBe(false);
    expect(await startHost("host-small")).toEqual(host("host-small"));
    expect(await output("host-small", "cat /root/kept /var/lib/kept")).toBe("kept\nkept");
    expect(await output("host-small", "systemctl is-system-running")).toBe("running");
  });

  test("or after its start was killed, the host starts", async () => {
    await stopHost("host-b");
    const start = 'require("./sandbox/host/host").startHost("host-b")';
    const starting = spawn(process.execPath, ["--require", "tsx/cjs", "-e", start], { cwd: projectRoot });
    const booting = async (): Promise<boolean> => (await hostStatus("host-b"))?.running === true;
    await expect.poll(booting, { timeout: 30_000, interval: 20 }).toBe(true);
    starting.kill("SIGKILL");
    hosts.set("host-b", await startHost("host-b"));
    expect(await output("host-b", "systemctl is-system-running")).toBe("running");
  });

  test("what is left of it can be removed", async () => {
    await cutPower(host("host-b"));
    expect(await stopHost("host-b")).toBe(true);
    expect(await stopHost("host-b")).toBe(false);
  });
});

describe("the end", () => {
  test("leaves nothing on this machine", async () => {
    for (const name of ["host-a", "host-small"]) expect(await stopHost(name)).toBe(true);
    expect(await traces()).toEqual({
      mounts: [],
      processes: [],
      groups: [],
      nspawn: [],
      gateways: [],
      directories: [],
      locks: [],
    });
    expect(await stopHost("host-a")).toBe(false);
  });
});
