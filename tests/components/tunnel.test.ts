import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import * as path from "node:path";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { portForwards, reachabilityCheck } from "../../components/host/connection";
import { atDestroy } from "../../components/host/destroy-check";
import { openTunnel, throughTunnel, tunnelCheck } from "../../components/host/tunnel";
import { newKey, startTarget, type Target } from "../sandbox/plugins/ssh-target";
import { freePort } from "../../sandbox/free-port";

const run = promisify(execFile);
const key = newKey();
const log = vi.spyOn(pulumi.log, "error").mockResolvedValue(undefined);

let web: Server;
let ssh: Target;
let localPort: number;

async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  web = createServer((request, response) => response.setHeader("Connection", "close").end(request.url));
  await listen(web);
});
beforeEach(async () => {
  ssh = await startTarget({ publicKey: key.public });
  localPort = await freePort();
  log.mockClear();
});
afterEach(() => ssh.stop());
afterAll(() => {
  web.closeAllConnections();
  web.close();
});

const webUrl = (): string => `http://127.0.0.1:${(web.address() as AddressInfo).port}`;

const args = (changed: { hostKey?: string; jump?: Target } = {}) => ({
  localPort,
  setting: "grafana.tunnel",
  privateKey: pulumi.secret(key.private),
  url: `${webUrl()}/grafana`,
  ssh: {
    address: "127.0.0.1",
    port: ssh.port,
    user: "deploy",
    hostKey: changed.hostKey ?? ssh.hostKey,
    ...(changed.jump === undefined
      ? {}
      : {
          jump: { address: "127.0.0.1", port: changed.jump.port, user: "hop", hostKey: changed.jump.hostKey },
        }),
  },
});

const get = async (url: string): Promise<string> => (await fetch(url)).text();

describe("a tunnel", () => {
  test("opens one SSH connection, when it is first used, and lets go of it when it is not", async () => {
    const url = await openTunnel(args());
    expect(url).toBe(`http://127.0.0.1:${localPort}/grafana`);
    expect(ssh.seen.connections).toBe(0);
    const paths = ["a", "b", "c", "d"].map((name) => `/grafana/${name}`);
    expect(await Promise.all(paths.map((name) => get(`http://127.0.0.1:${localPort}${name}`)))).toEqual(
      paths,
    );
    expect(ssh.seen).toMatchObject({ connections: 1, logins: ["deploy by publickey"], forwards: 4 });
    await vi.waitFor(() => {
      expect(ssh.open()).toBe(0);
    }, 6_000);
    expect(await get(url)).toBe("/grafana");
    expect(ssh.seen.connections).toBe(2);
    expect(log).not.toHaveBeenCalled();
  });

  test("goes through a jump host", async () => {
    const jump = await startTarget({ publicKey: key.public });
    try {
      expect(await get(await openTunnel(args({ jump })))).toBe("/grafana");
      expect(jump.seen).toMatchObject({ logins: ["hop by publickey"], forwards: 1 });
      expect(ssh.seen).toMatchObject({ logins: ["deploy by publickey"], forwards: 1 });
    } finally {
      await jump.stop();
    }
  });

  test("is tried again when a busy sshd turns it away", async () => {
    await ssh.stop();
    ssh = await startTarget({ publicKey: key.public, cutFirst: 1 });
    expect(await get(await openTunnel(args()))).toBe("/grafana");
  });

  test("refuses another host key than the pinned one, in words, and sends nothing", async () => {
    const url = await openTunnel(args({ hostKey: newKey().public }));
    await expect(Promise.allSettled([get(url), get(url)])).resolves.toMatchObject([
      { status: "rejected" },
      { status: "rejected" },
    ]);
    expect(log.mock.calls).toEqual([
      [
        `The tunnel to ${webUrl()}/grafana (grafana.tunnel): 127.0.0.1 port ${ssh.port} shows another host key than the ` +
          "one that is pinned, so nothing was sent. If the host was set up anew, compare the key on its own console and " +
          "pin that",
      ],
    ]);
    expect(ssh.seen.logins).toEqual([]);
  });

  test("tells that the login was refused", async () => {
    const url = await openTunnel({ ...args(), privateKey: newKey().private });
    await expect(get(url)).rejects.toThrow();
    expect(log.mock.calls).toEqual([
      [expect.stringContaining(`no SSH login as deploy at 127.0.0.1 port ${ssh.port}: `)],
    ]);
  });

  test("tells by its name why an sshd lets nothing through", async () => {
    await ssh.stop();
    ssh = await startTarget({ publicKey: key.public, forwards: false });
    await expect(get(await openTunnel(args()))).rejects.toThrow();
    const at = `The tunnel to ${webUrl()}/grafana (grafana.tunnel): `;
    const { host } = new URL(webUrl());
    expect(log.mock.calls).toEqual([
      [
        `${at}the sshd of 127.0.0.1 forwards nothing to ${host.replace(":", " port ")}: set AllowTcpForwarding (or PermitOpen) ` +
          "there to let it, see that the key's line in authorized_keys does not forbid it (restrict, no-port-forwarding), " +
          "and restart sshd",
      ],
    ]);
  });

  test("says which setting to change when the port is taken", async () => {
    const other = createServer();
    await listen(other, localPort);
    await expect(openTunnel(args())).rejects.toThrow(
      `grafana.tunnel: port ${localPort} of this machine's loopback is taken. End what listens there, perhaps another ` +
        "pulumi command of this stack, or set another port",
    );
    other.close();
  });

  test("has its port again in the same process, for the next program", async () => {
    await openTunnel(args());
    const other = await startTarget({ publicKey: key.public });
    try {
      const next = { ...args(), ssh: { ...args().ssh, port: other.port, hostKey: other.hostKey } };
      expect(await get(await openTunnel(next))).toBe("/grafana");
      expect([ssh.seen.connections, other.seen.connections]).toEqual([0, 1]);
    } finally {
      await other.stop();
    }
  });

  test("keeps its port from a program with another destination while it is used", async () => {
    await openTunnel(args());
    const socket = connect(localPort, "127.0.0.1");
    await vi.waitFor(() => {
      expect(ssh.seen.forwards).toBe(1);
    });
    await expect(openTunnel({ ...args(), url: "http://127.0.0.1:3000" })).rejects.toThrow("is taken");
    await expect(openTunnel(args())).resolves.toBe(`http://127.0.0.1:${localPort}/grafana`);
    socket.destroy();
  });

  test("does not keep the process alive, even while it is used", async () => {
    const program = `
      const { openTunnel } = require("./components/host/tunnel");
      openTunnel(JSON.parse(process.argv[1])).then((url) => {
        const socket = require("net").connect(new URL(url).port, "127.0.0.1", () => {
          socket.write("GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n");
          socket.once("data", () => { console.log("used"); socket.unref(); });
        });
      });
    `;
    const given = JSON.stringify({ ...args(), privateKey: key.private });
    const cwd = path.join(__dirname, "../..");
    const ended = run("node", ["--import", "tsx", "-e", program, given], { cwd, timeout: 15_000 });
    expect((await ended).stdout).toBe("used\n");
  });
});

test("the same URL at a port of this machine keeps its scheme and path", () => {
  expect(throughTunnel("http://localhost:3000", 13000)).toBe("http://127.0.0.1:13000");
  expect(throughTunnel("https://[::1]/grafana", 13000)).toBe("https://127.0.0.1:13000/grafana");
});

test("the check before a destroy tells what to do when the tunnel is not there", async () => {
  const { interpreter, environment, create, ...check } = atDestroy(
    tunnelCheck({ ...args({ jump: ssh }), url: "http://localhost:3000" }),
  );
  // As the plugin runs it, which prints the command that fails.
  expect(check.delete).toBe(`the tunnel at 127.0.0.1 port ${localPort}`);
  const [node = "", ...options] = interpreter as string[];
  const env = { ...process.env, ...(environment as Record<string, string>) };
  const ask = (question: unknown): ReturnType<typeof run> =>
    run(node, [...options, String(question)], { env });
  await expect(ask(create)).resolves.toMatchObject({ stderr: "" });
  await expect(ask(check.delete)).rejects.toMatchObject({
    code: 1,
    stderr:
      `The tunnel to http://localhost:3000 is not there: nothing answers at 127.0.0.1 port ${localPort}. The program ` +
      "opens it: add --run-program to pulumi destroy, pulumi refresh and whatever has --refresh. Or open it by hand meanwhile: ssh " +
      "-fN -o ExitOnForwardFailure=yes ${SSH_KEY:+-i$SSH_KEY} -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null " +
      `-o StrictHostKeyChecking=yes -o 'KnownHostsCommand=/bin/echo %H ${ssh.hostKey}' ` +
      "-o 'ProxyCommand=ssh ${SSH_KEY:+-i$SSH_KEY} -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null " +
      `-o StrictHostKeyChecking=yes -o "KnownHostsCommand=/bin/echo %%H ${ssh.hostKey}" -W %h:%p -p ${ssh.port} hop@127.0.0.1' ` +
      `-L ${localPort}:localhost:3000 -p ${ssh.port} deploy@127.0.0.1\n`,
  });
  await openTunnel(args());
  await expect(ask(check.delete)).resolves.toMatchObject({ stderr: "" });
});

test("the check before a destroy finds an SSH server", async () => {
  const asked = atDestroy(reachabilityCheck(args().ssh));
  const [node = "", ...options] = asked.interpreter as string[];
  expect(asked.delete).toBe(`an SSH server at 127.0.0.1 port ${ssh.port}`);
  for (const question of [asked.create, asked.delete] as string[])
    await expect(run(node, [...options, question])).resolves.toMatchObject({ stderr: "" });
});

test("the forwards of what is on the host's loopback, each port once", () => {
  const urls = ["http://127.0.0.1:4040", "http://localhost:3000/grafana", "https://grafana.example:3001"];
  expect(portForwards([...urls, "http://127.0.0.1:3000", "http://127.0.0.1"])).toBe(
    "-L 4040:127.0.0.1:4040 -L 3000:127.0.0.1:3000 -L 80:127.0.0.1:80",
  );
});
