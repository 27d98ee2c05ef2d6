import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { flameGraph } from "../../operations/pyroscope-api";
import { sshHost } from "../../sandbox/host/host";
import { pyroscopeOn } from "../../sandbox/query";
import { awaitLine, linesInLoki, sendRecords, writeJournal } from "./harness/downstream";
import { targets } from "./harness/prometheus";
import { TestStack } from "./harness/stack";

const override = "/etc/systemd/system/pyroscope.service.d/override.conf";
const jobs = "/etc/prometheus/jobs";
const day = 86_400_000;
const cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const heap = "memory:inuse_space:bytes:space:bytes";

/** As `shared/soar.md` has it: the files and units of SOAR's own scripts, of which the last runs at each push. */
describe("a host as SOAR runs it", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("soar-today", {
    host: { backends: ["loki", "tempo"] },
    config: {
      environment: "production",
      detectDrift: true,
      prometheus: { url: "http://127.0.0.1:9090" },
      logs: { url: "http://127.0.0.1:3100", source: ["journal", "otlp"], level: "info" },
      traces: { url: "http://127.0.0.1:4320" },
      services: [
        { name: "soar-run", port: 9091, interval: "6s", duration: "4s", metrics: { interval: "1s" } },
        { name: "soar-ingest", port: 9093, interval: "6s", duration: "4s", metrics: true },
        { name: "soar-web", port: 9092, profiles: [], metrics: true },
        { name: "soar-pull-data", port: 9099, schedule: "intermittent", metrics: true },
      ].map((service) => ({ ...service, unit: `${service.name}.service`, logs: "otlp" })),
    },
  });
  const withTimers = [
    ...(stack.setting("services") as object[]),
    { name: "soar-sitemap", profiles: [], schedule: "intermittent", unit: "soar-sitemap.service" },
  ];
  stack.configure({ services: withTimers });

  const script = async (name: string, ...args: string[]): Promise<void> => {
    const input = await readFile(path.join(__dirname, "harness/soar", name), "utf8");
    const { code, stderr } = await sshHost(stack.host, `sh -s ${args.join(" ")}`, { input });
    expect(code, stderr).toBe(0);
  };
  /** What is stored of a service until a moment, from days before it. */
  const stored = async (service: string, type: string, end: number): Promise<number> => {
    const profile = { service, environment: "production", type };
    return (await flameGraph(pyroscopeOn(stack.host), profile, { start: end - 3 * day, end })).total;
  };
  const ofBefore = async (end: number): Promise<number[]> => [
    await stored("soar-run", cpu, end),
    await stored("soar-ingest", cpu, end),
    await stored("of-days-ago", heap, end),
  ];
  /** All that SOAR's scripts have made, and what runs by it. */
  const look = (): Promise<string> =>
    stack.operator(
      "find /etc/pyroscope /etc/alloy /etc/default/alloy /etc/prometheus /etc/apt /etc/systemd/system " +
        "-exec stat -c '%n %a %U:%G %F' {} + | sort; " +
        "find /etc/pyroscope /etc/alloy /etc/default/alloy /etc/prometheus /etc/apt /etc/systemd/system -type f -exec sha256sum {} + | sort -k2; " +
        "find /var/lib/pyroscope -maxdepth 2 -printf '%p %m %u:%g\\n' | sort; " +
        "dpkg-query -W -f '${Package} ${Version} ${Status}\\n'; apt-mark showhold; " +
        "for unit in pyroscope alloy prometheus loki tempo; do systemctl is-enabled $unit; systemctl is-active $unit; done; " +
        "ss -Hltnp | grep -e pyroscope -e alloy | awk '{ print $4 }' | sort",
    );
  let before = "";
  let taken = 0;
  let counted: number[] = [];

  beforeAll(async () => {
    await script("deploy.sh");
    await expect.poll(() => stored("soar-ingest", cpu, Date.now()), { timeout: 60_000 }).toBeGreaterThan(0);
  }, 200_000);

  test("is told what becomes of what it has before anything is changed, and what is in the way", async () => {
    expect(before).toBe("");
  });
});
