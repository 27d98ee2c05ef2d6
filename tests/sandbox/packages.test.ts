import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type SandboxHost, sshHost, startHost, stopHost } from "../../sandbox/host/host";
import { ensureRepository, type Repository } from "../../sandbox/packages/repository";
import { serveRepository } from "../../sandbox/packages/server";
import { signRepository } from "../../sandbox/packages/sign";
import { ensureAlloy, ensurePyroscope } from "../../sandbox/tools/toolchain";

const hostName = "pkgs";

let repository: Repository;
let host: SandboxHost;

beforeAll(async () => {
  repository = await ensureRepository({ pyroscope: await ensurePyroscope(), alloy: await ensureAlloy() });
  host = await startHost(hostName, { quiet: true });
});

afterAll(() => stopHost(hostName));

/** Runs a command as root on the host; what it printed, or an error with all of that. */
async function on(command: string, input?: string): Promise<string> {
  const result = await sshHost(host, command, input === undefined ? {} : { input });
  if (result.code !== 0) throw new Error(`${command}: exit ${result.code}\n${result.stdout}${result.stderr}`);
  return result.stdout.trim();
}

async function useRepository(url: string, key: string): Promise<void> {
  await on("install -D -m 644 /dev/stdin /etc/apt/keyrings/grafana.asc", key);
  const fields = ["Types: deb", `URIs: ${url}`, "Suites: stable", "Components: main"];
  const source = [...fields, "Signed-By: /etc/apt/keyrings/grafana.asc", ""].join("\n");
  await on("cat >/etc/apt/sources.list.d/grafana.sources", source);
}

/** All that `apt-get update` says, on both channels. */
async function aptUpdate(): Promise<{ code: number; text: string }> {
  const result = await sshHost(host, "apt-get update --error-on=any 2>&1");
  return { code: result.code, text: result.stdout };
}

async function install(name: "pyroscope" | "alloy", revision: 0 | 1): Promise<void> {
  const wanted = `${name}=${repository.versions[name][revision]}`;
  const options = "-y -q -o Dpkg::Options::=--force-confold";
  await on(`DEBIAN_FRONTEND=noninteractive apt-get install ${options} ${wanted}`);
}

const property = (unit: string, name: string): Promise<string> => on(`systemctl show -P ${name} ${unit}`);
const installedVersion = (name: string): Promise<string> => on(`dpkg-query -W -f '\${Version}' ${name}`);
const conffiles = async (name: string): Promise<string[]> => {
  const text = await on(`dpkg-query -W -f '\${Conffiles}' ${name}`);
  return text.split("\n").map((line) => line.trim().split(" ")[0] ?? "");
};
/** The addresses and ports on which a program of that name listens. */
const listeners = async (program: string): Promise<string[]> => {
  const text = await on(`ss -Hltnp | grep '"${program}"' | awk '{print $4}'`);
  return text.split("\n").sort();
};

describe("the repository", () => {
  it("is accepted by apt with its own key, without a warning", async () => {
    await useRepository(host.repositoryUrl, await readFile(repository.keyFile, "utf8"));
    const update = await aptUpdate();
    expect(update.text).not.toMatch(/^[WE]:/m);
    expect(update.code).toBe(0);
    const [older, newer] = repository.versions.pyroscope;
    const policy = await on("apt-cache policy pyroscope");
    expect(policy).toContain(`Candidate: ${newer}`);
    expect(policy).toContain(older);
  });

  it("serves the key that the fingerprint belongs to", async () => {
    const listing = await on(`curl -fsS ${host.repositoryUrl}/key.asc | gpg --show-keys --with-colons`);
    expect(listing).toContain(`:${repository.fingerprint}:`);
  });

  describe("signed anew", () => {
    let copy: string;
    let server: Server;

    beforeAll(async () => {
      copy = await mkdtemp(path.join(tmpdir(), "soar-rotation-"));
      await cp(path.join(repository.directory, "dists"), path.join(copy, "dists"), { recursive: true });
      server = await serveRepository(copy, host.gateway, 0);
    });

    afterAll(async () => {
      await new Promise((resolve) => server.close(resolve));
      await rm(copy, { recursive: true });
      await useRepository(host.repositoryUrl, await readFile(repository.keyFile, "utf8"));
      await aptUpdate();
    });

    it("is refused with the old one and accepted with the new one", async () => {
      const fingerprint = await signRepository(copy);
      expect(fingerprint).not.toBe(repository.fingerprint);
      const url = `http://${host.gateway}:${(server.address() as AddressInfo).port}`;
      await useRepository(url, await readFile(repository.keyFile, "utf8"));
      const refused = await aptUpdate();
      expect(refused.code).not.toBe(0);
      expect(refused.text).toMatch(new RegExp(`${fingerprint.slice(-16)}|not signed`, "i"));
      await useRepository(url, await readFile(path.join(copy, "key.asc"), "utf8"));
      expect(await aptUpdate()).toMatchObject({ code: 0 });
    });
  });
});

describe("pyroscope", () => {
  it("starts at once, on all interfaces, as its own user", async () => {
    await install("pyroscope", 0);
    expect(await installedVersion("pyroscope")).toBe(repository.versions.pyroscope[0]);
    expect(await property("pyroscope", "FragmentPath")).toBe("/etc/systemd/system/pyroscope.service");
    expect(await property("pyroscope", "UnitFileState")).toBe("enabled");
    expect(await property("pyroscope", "ActiveState")).toBe("active");
    expect(await on("getent passwd pyroscope | cut -d: -f1,6,7")).toBe(
      "pyroscope:/var/lib/pyroscope:/bin/false",
    );
    expect(await on("id -Gn pyroscope")).toBe("pyroscope");
    expect(await on("stat -c %U:%G /var/lib/pyroscope")).toBe("pyroscope:pyroscope");
    expect(await conffiles("pyroscope")).toEqual(["/etc/pyroscope/config.yml"]);
    expect(await on("stat -c '%U:%G %a' /etc/pyroscope/config.yml")).toBe("root:root 644");
    await expect
      .poll(() => listeners("pyroscope"), { timeout: 30_000, interval: 500 })
      .toEqual(expect.arrayContaining(["*:4040", "*:9095"]));
    expect(await on(`ps -o user= -p ${await property("pyroscope", "MainPID")}`)).toBe("pyroscope");
  });

  it("is not restarted by an upgrade, which keeps its configuration", async () => {
    await on("echo '# by hand' >>/etc/pyroscope/config.yml");
    const pid = await property("pyroscope", "MainPID");
    await install("pyroscope", 1);
    expect(await installedVersion("pyroscope")).toBe(repository.versions.pyroscope[1]);
    expect(await on("head -1 /usr/share/doc/pyroscope/README.sandbox")).toBe(
      `pyroscope ${repository.versions.pyroscope[1]}`,
    );
    expect(await property("pyroscope", "MainPID")).toBe(pid);
    expect(await on("tail -1 /etc/pyroscope/config.yml")).toBe("# by hand");
  });

  it("is not stopped by its removal", async () => {
    const pid = await property("pyroscope", "MainPID");
    await on("DEBIAN_FRONTEND=noninteractive apt-get purge -y -q pyroscope");
    expect(await on(`cat /proc/${pid}/comm`)).toBe("pyroscope");
    // On SIGTERM it would take half a minute; and systemd must not start it again.
    await on(`systemctl daemon-reload && kill -KILL ${pid} && tail --pid=${pid} -f /dev/null`);
  });

  it("starts with a configuration that was there before it", async () => {
    const text = "server:\n  http_listen_address: 127.0.0.1\n  http_listen_port: 4040\n";
    await on("install -D -m 644 /dev/stdin /etc/pyroscope/config.yml", text);
    await install("pyroscope", 0);
    expect(await on("cat /etc/pyroscope/config.yml")).toBe(text.trim());
    await expect
      .poll(() => listeners("pyroscope"), { timeout: 30_000, interval: 500 })
      .toEqual(expect.arrayContaining(["127.0.0.1:4040"]));
  });
});

describe("alloy", () => {
  it("is neither enabled nor started; its user reads the logs", async () => {
    await install("alloy", 0);
    expect(await installedVersion("alloy")).toBe(repository.versions.alloy[0]);
    expect(await property("alloy", "FragmentPath")).toBe("/usr/lib/systemd/system/alloy.service");
    expect(await property("alloy", "UnitFileState")).toBe("disabled");
    expect(await property("alloy", "ActiveState")).toBe("inactive");
    expect((await on("id -Gn alloy")).split(" ").sort()).toEqual(["adm", "alloy", "systemd-journal"]);
    expect(await on("getent passwd alloy | cut -d: -f6")).toBe("/var/lib/alloy");
    expect(await on("stat -c '%U:%G %a' /etc/alloy /var/lib/alloy/data")).toBe(
      "root:alloy 770\nalloy:alloy 770",
    );
    expect(await conffiles("alloy")).toEqual(["/etc/alloy/config.alloy", "/etc/default/alloy"]);
    expect(await on(". /etc/default/alloy && echo $CONFIG_FILE $CUSTOM_ARGS $RESTART_ON_UPGRADE")).toBe(
      "/etc/alloy/config.alloy true",
    );
  });

  it("is not restarted by an upgrade, which keeps its conffiles", async () => {
    await on("sed -i 's/^CUSTOM_ARGS=.*/CUSTOM_ARGS=--disable-reporting/' /etc/default/alloy");
    await on("systemctl start alloy");
    const pid = await property("alloy", "MainPID");
    await install("alloy", 1);
    expect(await installedVersion("alloy")).toBe(repository.versions.alloy[1]);
    expect(await property("alloy", "MainPID")).toBe(pid);
    expect(await property("alloy", "ActiveState")).toBe("active");
    expect(await on("grep ^CUSTOM_ARGS /etc/default/alloy")).toBe("CUSTOM_ARGS=--disable-reporting");
    expect(await on(`tr '\\0' ' ' </proc/${pid}/cmdline`)).toBe(
      "/usr/bin/alloy run --disable-reporting --storage.path=/var/lib/alloy/data /etc/alloy/config.alloy",
    );
  });

  it("is stopped by its removal, which keeps its conffiles", async () => {
    await on("DEBIAN_FRONTEND=noninteractive apt-get remove -y -q alloy");
    expect((await sshHost(host, "pgrep -x alloy")).code).toBe(1);
    expect(await on("ls /etc/alloy/config.alloy /etc/default/alloy")).toBe(
      "/etc/alloy/config.alloy\n/etc/default/alloy",
    );
  });
});
