import { describe, expect, test } from "vitest";
import { sshHost } from "../../sandbox/host/host";
import { eventually } from "./harness/faults";
import { heavyProfile } from "./harness/heavy-profile";
import { queryPrometheus } from "./harness/prometheus";
import { TestStack } from "./harness/stack";

const hour = 3_600_000;
const data = "/var/lib/pyroscope";
const dropIn = "/run/systemd/system/pyroscope.service.d/of-yesterday.conf";
/** Takes what is old, and much of it at once. */
const flags =
  "-validation.reject-older-than=0 -distributor.ingestion-rate-limit-mb=1000 -distributor.ingestion-burst-size-mb=1000";

describe("a disk budget that a load breaks", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("budget");
  const { version } = stack.setting("pyroscope") as { version: string };
  const [service] = stack.setting("services") as object[];
  const budgeted = (retention: string): object => ({ version, retention, diskBudget: "60MiB" });
  // By the estimate, the profiles of one service take less than the budget.
  stack.configure({
    pyroscope: budgeted("58h"),
    services: [
      { ...service, profiles: ["cpu"], interval: "10m", duration: "2s" },
      { name: "soar-web", profiles: [], unit: "soar-web.service" },
    ],
    prometheus: { url: "http://127.0.0.1:9090" },
  });

  const ask = async (path: string, input: string | Buffer): Promise<void> => {
    const type = typeof input === "string" ? "application/json" : "application/octet-stream";
    const curl = `curl --fail-with-body -sS -H 'Content-Type: ${type}' --data-binary @- 'http://127.0.0.1:4040/${path}'`;
    const { code, stdout, stderr } = await sshHost(stack.host, curl, { input, shared: true });
    expect(code, stdout + stderr).toBe(0);
  };
  /** Stopped, or with another command line: it ships its blocks when it starts. */
  const restart = async (meanwhile: string): Promise<void> => {
    await stack.operator(
      `systemctl stop pyroscope; ${meanwhile}; systemctl daemon-reload; systemctl start pyroscope`,
    );
    await eventually(stack, "curl -fsS http://127.0.0.1:4040/ready");
  };
  const soon = { timeout: 60_000, interval: 1_000 };
  const alert = async (): Promise<string[]> =>
    (await queryPrometheus(stack, 'ALERTS{alertname="ProfilingBudgetTooSmall"}')).map(
      ({ metric }) => metric["alertstate"] ?? "",
    );
  /** Of the service without profiles, so that none are waited for. */
  const disk = async (): Promise<string> => {
    const { report } = await stack.verify("soar-web");
    const found = report.checks.filter(({ name }) => name === "disk");
    return found.map(({ state, detail, remedy = "" }) => `${state}: ${detail}: ${remedy}`).join("\n");
  };

  test("is told by the rule of Prometheus", async () => {
    await stack.up();
    const unit = `[Service]\\nExecStart=\\nExecStart=/usr/bin/pyroscope -config.file /etc/pyroscope/config.yml ${flags}\\n`;
    await restart(`mkdir -p ${dropIn.replace(/[^/]+$/, "")}; printf '${unit}' >${dropIn}`);
    // 2.5 MB in each second hour of the last day.
    const begin = Date.now();
    for (let age = 23; age > 0; age -= 2)
      await ask("ingest?format=pprof&name=heavy", heavyProfile(7_200, begin - age * hour));
    const flushed = "pyroscope_head_flushed_block_size_bytes_sum";
    await expect.poll(() => queryPrometheus(stack, flushed), soon).toHaveLength(1);
    expect(await alert()).toEqual([]);
    await ask("ingester.v1.IngesterService/Flush", "{}");
    // It fires after an hour.
    await expect.poll(alert, soon).toEqual(["pending"]);
  });

  test("is told by verify, with the days that are left and the retention that would fit, which does", async () => {
    await restart(`rm ${dropIn}`);
    const stored = `find ${data}/shared -name meta.json | wc -l`;
    await expect.poll(async () => Number(await stack.operator(stored)), soon).toBeGreaterThanOrEqual(12);
    // Its own copies it deletes when they are four hours old.
    await restart(`rm -r ${data}/data/anonymous/local/*`);
    const told = await disk();
    const [, end = "", retention = ""] =
      /^broken: profiles take [\d.]+ MiB, of 60\.0 MiB that they may; [\d.]+ MiB is the estimate; they grow by [\d.]+ MiB a day, which is ([\d.]+) MiB in the end: the budget is used up in \d+ h: set pyroscope\.retention to (\d+h), which would fit, or raise pyroscope\.diskBudget$/.exec(
        told,
      ) ?? [];
    expect(Number(end), told).toBeGreaterThan(60);
    stack.configure({ pyroscope: budgeted(retention) });
    await stack.up();
    // What is too old by it is about to go.
    const marks = `grep -rho 'block exceeding retention of [0-9hms]*' ${data}/shared | sort -u`;
    await expect
      .poll(() => stack.operator(marks), soon)
      .toBe(`block exceeding retention of ${retention}0m0s\n`);
    expect(await disk()).toMatch(/^ok: /);
    await expect.poll(alert, soon).toEqual([]);
  });
});
