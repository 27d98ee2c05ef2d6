import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { grafanaSettings } from "../../../sandbox/packages/backends/grafana";
import { ensureBackend } from "../../../sandbox/tools/toolchain";
import { freePort } from "../../../sandbox/free-port";

export interface GrafanaServer {
  url: string;
  /** `user:password` of the administrator. */
  auth: string;
  /** A request as an operator would send it; a status outside 200-299 throws unless it is 404, which is `undefined`. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** A real Grafana on a free port of loopback, with the package's settings, an empty database and a random password. */
export async function startGrafana(): Promise<GrafanaServer> {
  const { path: program } = await ensureBackend("grafana");
  const directory = mkdtempSync(path.join(tmpdir(), "soar-grafana-"));
  const [port, password] = [await freePort(), randomBytes(12).toString("hex")];
  const config = path.join(directory, "grafana.ini");
  writeFileSync(config, grafanaSettings);
  const own = {
    GF_PATHS_DATA: directory,
    GF_PATHS_LOGS: directory,
    GF_PATHS_PLUGINS: path.join(directory, "plugins"),
    GF_PATHS_PROVISIONING: path.join(directory, "provisioning"),
    GF_SERVER_HTTP_PORT: String(port),
    GF_SECURITY_ADMIN_PASSWORD: password,
  };
  const log = path.join(directory, "server.log");
  const output = openSync(log, "w");
  const home = path.dirname(path.dirname(program));
  const server = spawn(program, ["server", "--homepath", home, "--config", config], {
    env: { ...process.env, ...own },
    stdio: ["ignore", output, output],
  });
  const url = `http://127.0.0.1:${port}`;
  const auth = `admin:${password}`;
  await ready(server, url, log);
  return {
    url,
    auth,
    async api(method, where, body) {
      const response = await fetch(url + where, {
        method,
        headers: {
          Authorization: `Basic ${Buffer.from(auth).toString("base64")}`,
          "Content-Type": "application/json",
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`${method} ${where}: ${response.status} ${text}`);
      return text === "" ? {} : (JSON.parse(text) as unknown);
    },
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      if (server.exitCode === null && server.kill()) await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ready(server: ChildProcess, url: string, log: string): Promise<void> {
  const end = Date.now() + 120_000;
  while (Date.now() < end && server.exitCode === null) {
    const healthy = await fetch(`${url}/api/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) return;
    await sleep(200);
  }
  server.kill();
  throw new Error(`Grafana is not ready:\n${readFileSync(log, "utf8").slice(-4000)}`);
}
