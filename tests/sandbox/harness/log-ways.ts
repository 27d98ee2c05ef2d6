import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { freePort } from "../../../sandbox/free-port";
import { lokiConfig } from "../../../sandbox/packages/backends/loki";
import { ensureAlloy, ensureBackend } from "../../../sandbox/tools/toolchain";

/** A line in Loki. */
export interface Found {
  readonly line: string;
  /** With its structured metadata. */
  readonly labels: Readonly<Record<string, string>>;
}

const now = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** A real Loki, and a real Alloy with files as we render them, both on loopback of this machine. */
export class LogWays {
  private readonly running: ChildProcess[] = [];

  private constructor(
    private readonly directory: string,
    readonly loki: string,
  ) {}

  /** Starts Loki. */
  static async start(): Promise<LogWays> {
    const directory = await mkdtemp(path.join(tmpdir(), "soar-logs-"));
    const [http, grpc] = [await freePort(), await freePort()];
    const ways = new LogWays(directory, `http://127.0.0.1:${http}`);
    const data = path.join(directory, "loki");
    const config = {
      ...lokiConfig,
      server: { ...lokiConfig.server, http_listen_port: http, grpc_listen_port: grpc },
      common: {
        ...lokiConfig.common,
        path_prefix: data,
        storage: { filesystem: { chunks_directory: `${data}/chunks`, rules_directory: `${data}/rules` } },
      },
    };
    await writeFile(path.join(directory, "loki.yml"), stringify(config));
    const { path: program } = await ensureBackend("loki");
    await ways.run(program, ["-config.file=loki.yml"], `${ways.loki}/ready`);
    return ways;
  }

  /** Starts Alloy. */
  async alloy(files: Readonly<Record<string, string>>): Promise<void> {
    const tree = path.join(this.directory, "conf.d");
    await mkdir(tree);
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(tree, name), text);
    const address = `127.0.0.1:${await freePort()}`;
    const flags = [`--server.http.listen-addr=${address}`, "--disable-reporting", "--storage.path=alloy"];
    const { path: program } = await ensureAlloy();
    await this.run(program, ["run", ...flags, tree], `http://${address}/-/ready`);
  }

  async stop(): Promise<void> {
    for (const child of this.running) {
      const ended = once(child, "exit");
      if (child.kill("SIGKILL")) await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  /** What Loki has of the last hour. */
  async find(query: string): Promise<Found[]> {
    const values = { query, start: String(now() - 3_600_000_000_000n), limit: "1000", direction: "forward" };
    const answer = await fetch(`${this.loki}/loki/api/v1/query_range?${String(new URLSearchParams(values))}`);
    const { data } = (await answer.json()) as {
      data: { result: { stream: Record<string, string>; values: [string, string][] }[] };
    };
    return data.result.flatMap(({ stream, values }) => values.map(([, line]) => ({ line, labels: stream })));
  }

  /** Waits until a line is there; the lines of all that were sent before it are there too. */
  async until(query: string, line: string): Promise<void> {
    const end = Date.now() + 60_000;
    while (Date.now() < end) {
      if ((await this.find(query)).some((found) => found.line === line)) return;
      await sleep(200);
    }
    throw new Error(`no line "${line}" in Loki`);
  }

  private async run(program: string, args: string[], ready: string): Promise<void> {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], cwd: this.directory });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-2000)));
    this.running.push(child);
    const answers = (): Promise<boolean> =>
      fetch(ready).then(
        ({ ok }) => ok,
        () => false,
      );
    const end = Date.now() + 60_000;
    while (!(await answers())) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`${program} is not ready: ${said}`);
      await sleep(100);
    }
  }
}

/**
 * The journal's way with Loki's own protocol in place of the journal, which this machine may not have.
 * @param text as renderLogs makes it
 * @param port where lines are taken
 */
export function instead(text: string, port: number): string {
  return text
    .replace("loki.source.journal", "loki.source.api")
    .replace(/\tlabels +=/, `\thttp {\n\t\tlisten_address = "127.0.0.1"\n\t\tlisten_port = ${port}\n\t}\n$&`)
    .replace(/\tmax_age.*\n/, "");
}

/** Sends lines as the journal has them of a unit that writes no priority, to what {@link instead} has made. */
export async function writeLines(port: number, unit: string, lines: readonly string[]): Promise<void> {
  const stream = { __journal__systemd_unit: unit, __journal_priority_keyword: "info" };
  const values = lines.map((line, i) => [String(now() + BigInt(i)), line]);
  await post(`http://127.0.0.1:${port}/loki/api/v1/push`, { streams: [{ stream, values }] });
}

/** Sends log records of a service by OTLP/HTTP. */
export async function sendRecords(
  port: number,
  resource: Readonly<Record<string, string>>,
  logRecords: readonly object[],
): Promise<void> {
  const attributes = Object.entries(resource).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const timed = logRecords.map((record, i) => ({ timeUnixNano: String(now() + BigInt(i)), ...record }));
  const scopeLogs = [{ scope: { name: "web::api" }, logRecords: timed }];
  await post(`http://127.0.0.1:${port}/v1/logs`, { resourceLogs: [{ resource: { attributes }, scopeLogs }] });
}

async function post(url: string, body: object): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}
