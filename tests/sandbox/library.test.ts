import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sshHost, startHost, stopHost } from "../../sandbox/host/host";
import { run, type RunResult } from "../../sandbox/log";
import { projectRoot } from "../../sandbox/paths";
import { packInto } from "../library/pack";
import { pulumiIn } from "./harness/command-line";

const caddyfile = "/etc/caddy/Caddyfile";

/** The packed library in a folder of its own, where nothing of this checkout is; the service is Debian's Caddy. */
describe("the program of examples/library", async () => {
  const host = await startHost("library", { quiet: true });
  const home = await mkdtemp(path.join(tmpdir(), "library-"));
  afterAll(async () => {
    await stopHost("library");
    await rm(home, { recursive: true });
  });
  const folder = path.join(home, "one-caddy");
  let env: Record<string, string> = {};

  const operator = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await sshHost(host, command, { shared: true });
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const pulumi = (args: string[], input = ""): Promise<RunResult> =>
    run("pulumi", args, { cwd: folder, env, input, allowFailure: true });
  const succeeds = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await pulumi(args);
    expect(code, stdout + stderr).toBe(0);
    return stdout + stderr;
  };
  const fails = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await pulumi(args);
    expect(code, stdout + stderr).not.toBe(0);
    return stdout + stderr;
  };
  const page = (): Promise<string> => operator("curl -fsS http://127.0.0.1:8080/");
  /** The file to its inode, and the process. */
  const look = (): Promise<string> =>
    operator(
      `stat -c '%i %Y %a' ${caddyfile}; sha256sum ${caddyfile}; systemctl show -p MainPID -p NRestarts caddy`,
    );
  const write = (text: string): Promise<void> => writeFile(path.join(folder, "Caddyfile"), text);
  const greet = (words: string, health = 200): Promise<void> =>
    write(`http://:8080 {\n\tbind 127.0.0.1\n\trespond /health ${health}\n\trespond "${words}"\n}\n`);

  let before = "";

  beforeAll(async () => {
    await cp(path.join(projectRoot, "examples/library"), folder, { recursive: true });
    await copyFile(path.join(__dirname, "walk/pulumi.ts"), path.join(folder, "pulumi.ts"));
    await packInto(folder);
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    await run("npm", ["install", ...quiet], { cwd: folder });
    env = await pulumiIn(home, path.join(folder, "pulumi.ts"));
    before = await operator(`base64 ${caddyfile}; apt-mark showhold; ls /etc/systemd/system /usr/local/lib`);
    const version = await operator("dpkg-query -W -f '${Version}' caddy");
    await succeeds("login", "--local");
    await succeeds("stack", "init", "web");
    const settings = { address: host.address, hostKey: host.hostKey, caddyVersion: version };
    const words = Object.entries(settings).flatMap(([name, value]) => ["--plaintext", `${name}=${value}`]);
    await succeeds("config", "set-all", ...words);
    const key = await readFile(host.privateKeyFile, "utf8");
    expect(await pulumi(["config", "set", "--secret", "sshPrivateKey"], key)).toMatchObject({ code: 0 });
  });

  test("brings Caddy under a transaction, and changes nothing when nothing has changed", async () => {
    await succeeds("up");
    expect(await page()).toBe("Hello from a file that Pulumi has put here.");
    expect(await operator("apt-mark showhold")).toContain("caddy");
    const found = await look();
    expect(await succeeds("up")).toContain("unchanged");
    expect(await look()).toBe(found);
  });

  test("refuses a mistake, which a preview tells already, and changes nothing", async () => {
    const found = await look();
    await write("http://:8080 {\n\trespnd /health 200\n}\n");
    expect(await fails("preview")).toContain("respnd");
    expect(await fails("up")).toContain("respnd");
    expect(await look()).toBe(found);
  });

  test("puts the old file back where Caddy does not get healthy, under the same process", async () => {
    const [, digest, process] = (await look()).split("\n");
    await greet("This is never seen again.", 503);
    expect(await fails("up")).toContain("503");
    const [, digestNow, processNow] = (await look()).split("\n");
    expect([digestNow, processNow]).toEqual([digest, process]);
    expect(await page()).toBe("Hello from a file that Pulumi has put here.");
    await greet("The next one.");
    await succeeds("up");
    expect(await page()).toBe("The next one.");
  });

  test("sees a file that was edited by hand, and puts it back", async () => {
    await operator(`sed -i 's/The next one/By hand/' ${caddyfile} && systemctl reload caddy`);
    expect(await page()).toBe("By hand.");
    const told = await succeeds("preview", "--diff");
    expect(told).toContain(`${caddyfile} was edited`);
    expect(told).toContain("By hand.");
    await succeeds("up");
    expect(await page()).toBe("The next one.");
  });

  test("leaves the host as it was", async () => {
    await succeeds("destroy");
    expect(
      await operator(`base64 ${caddyfile}; apt-mark showhold; ls /etc/systemd/system /usr/local/lib`),
    ).toBe(before);
  });
});
