import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const scripts = path.join(__dirname, "../../components/scripts");

let directory: string;
let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "service-scripts-"));
  server = createServer((request, response) => {
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

/** A program that the scripts find first. */
function program(name: string, text: string): void {
  writeFileSync(path.join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

async function run(name: string, ...args: (string | number)[]): Promise<{ status: unknown; said: string }> {
  const env = { PATH: `${directory}:${scripts}:/usr/bin:/bin` };
  const child = spawn(path.join(scripts, name), args.map(String), { env });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += String(chunk)));
  const status = await new Promise((resolve) => child.once("close", resolve));
  return { status, said };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

describe("alloy-reload", () => {
  test("waits for the components of before", async () => {
    const seen: string[] = [];
    answer = ({ method, url: at }, response) => {
      seen.push(`${method} ${at}`);
      response.end(seen.length === 2 ? "x (*Scheduler).Synchronize y" : "ok");
    };
    expect(await run("alloy-reload", url)).toEqual({ status: 0, said: "ok" });
    const look = "GET /debug/pprof/goroutine?debug=1";
    expect(seen).toEqual(["POST /-/reload", look, look]);
  });

  test("fails with Alloy's reason, and looks no further", async () => {
    let requests = 0;
    answer = (_, response) => {
      requests++;
      response.writeHead(400).end("a.alloy:1:1: no such thing\n");
    };
    const { status, said } = await run("alloy-reload", url);
    expect(status).toBe(22);
    expect(said).toContain("a.alloy:1:1: no such thing\n");
    expect(requests).toBe(1);
  });
});

test("alloy-ready takes the word of Alloy alone", async () => {
  answer = ({ url: at }, response) => response.end(at === "/-/ready" ? "Alloy is ready.\n" : "");
  expect(await run("alloy-ready", url)).toEqual({ status: 0, said: "Alloy is ready.\n" });
  answer = (_, response) => response.end("I am something else.\n");
  expect(await run("alloy-ready", url)).toEqual({ status: 1, said: "" });
  answer = (_, response) => response.writeHead(503).end("Alloy is not ready.\n");
  expect((await run("alloy-ready", url)).status).toBe(1);
});

test("alloy-faults lists the components that are not healthy", async () => {
  answer = (_, response) => response.writeHead(500).end("unhealthy components: loki.write, local.file\n");
  expect(await run("alloy-faults", url)).toEqual({ status: 0, said: "loki.write\nlocal.file\n" });
  answer = (_, response) => response.end("All Alloy components are healthy.\n");
  expect(await run("alloy-faults", url)).toEqual({ status: 0, said: "" });
});

test("pyroscope-answers asks for the last hour", async () => {
  let asked: unknown;
  answer = (request, response) => {
    void bodyOf(request).then((body) => {
      asked = [request.method, request.url, request.headers["content-type"], JSON.parse(body)];
      response.end("{}");
    });
  };
  const before = Math.floor(Date.now() / 1000) * 1000;
  expect(await run("pyroscope-answers", url)).toEqual({ status: 0, said: "{}" });
  const at = "/querier.v1.QuerierService/LabelValues";
  const range = {
    name: "service_name",
    start: expect.any(Number) as number,
    end: expect.any(Number) as number,
  };
  expect(asked).toEqual(["POST", at, "application/json", range]);
  const { start, end } = (asked as [string, string, string, { start: number; end: number }])[3];
  expect(end - start).toBe(3_600_000);
  expect(end).toBeGreaterThanOrEqual(before);
  answer = (_, response) => response.writeHead(500).end();
  expect((await run("pyroscope-answers", url)).status).toBe(22);
});

describe("prometheus-reload", () => {
  /** How often it was told to. */
  let reloads: number;
  const told = (time: number, successful: number): string =>
    `prometheus_config_last_reload_success_timestamp_seconds ${time}\nprometheus_config_last_reload_successful ${successful}\n`;
  /** A Prometheus that tells this before and after. */
  const prometheus = (before: string, after: string): void => {
    reloads = 0;
    program("systemctl", `[ "$*" = "reload prometheus.service" ] && curl -sS ${url}/reloaded`);
    answer = ({ url: at }, response) => {
      if (at === "/reloaded") reloads++;
      response.end(at === "/metrics" ? (reloads === 0 ? before : after) : "");
    };
  };

  test.each([
    ["it was good before", told(10, 1)],
    ["it was not", told(10, 0)],
  ])("ends once Prometheus has loaded its files, where %s", async (_, before) => {
    prometheus(before, told(11, 1));
    expect(await run("prometheus-reload", url)).toEqual({ status: 0, said: "" });
    expect(reloads).toBe(1);
  });

  test("fails at once where Prometheus has refused them", async () => {
    prometheus(told(10, 1), told(10, 0));
    expect(await run("prometheus-reload", url)).toEqual({
      status: 1,
      said: "Prometheus has not loaded it\n",
    });
  });

  test("tells nobody to reload where something else answers, with what to set", async () => {
    prometheus("", "");
    const said = `no Prometheus answers at ${url}: set prometheus.url\n`;
    expect(await run("prometheus-reload", url)).toEqual({ status: 1, said });
    expect(reloads).toBe(0);
  });

  test("fails where the unit cannot be told", async () => {
    prometheus(told(10, 1), told(11, 1));
    program("systemctl", '[ "$1" = show ] || { echo no such unit >&2; exit 5; }');
    expect(await run("prometheus-reload", url)).toEqual({ status: 1, said: "no such unit\n" });
  });
});

describe("site-answers", () => {
  const site = "https://pyroscope.example/ready";
  const without =
    ' (without a certificate: does pyroscope.example lead to this host, are ports 80 and 443 open? site.tls "internal" needs neither)';

  test("asks the Caddy of this host", async () => {
    const words = `-ksS --max-time 5 -o /dev/null -w %{http_code} --resolve pyroscope.example:443:127.0.0.1 ${site}`;
    program("curl", `[ "$*" = '${words}' ] && printf 401`);
    expect(await run("site-answers", "pyroscope.example", 401, "acme")).toEqual({ status: 0, said: "" });
  });

  test.each([
    ["acme", without],
    ["internal", ""],
  ])("tells what came instead, with tls %s", async (tls, reason) => {
    const ask = () => run("site-answers", "pyroscope.example", 401, tls);
    program("curl", "printf 200");
    expect(await ask()).toEqual({ status: 1, said: `${site} answers 200, not 401${reason}\n` });
    program("curl", "echo 'curl: (35) TLS' >&2; printf 000; exit 35");
    expect(await ask()).toEqual({
      status: 1,
      said: `${site} answers curl: (35) TLS\n000, not 401${reason}\n`,
    });
  });
});
