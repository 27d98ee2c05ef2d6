import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { flameGraph } from "../../operations/pyroscope-api";
import { smallProbe } from "../../operations/verify/probe-profile";
import { sshHost } from "../../sandbox/host/host";
import { pyroscopeOn } from "../../sandbox/query";
import { awaitLine, linesInLoki, sendRecords, writeJournal } from "./harness/downstream";
import { askPrometheus } from "./harness/prometheus";
import { TestStack } from "./harness/stack";

const override = "/etc/systemd/system/pyroscope.service.d/override.conf";
const jobs = "/etc/prometheus/jobs/alloy.yml /etc/prometheus/jobs/pyroscope.yml";
const hour = 3_600_000;
const counted = "process_cpu:samples:count:cpu:nanoseconds";
const places = "/etc/pyroscope /etc/alloy /etc/default/alloy /etc/prometheus /etc/apt /etc/systemd/system";
const timer = "soar-sitemap.service";

/** As SOAR's own scripts make it (`harness/soar`); the last of them runs at each push. */
describe("a host as SOAR runs it", { timeout: 300_000 }, async () => {
  const stack = await TestStack.create("soar-today", { host: { backends: ["loki"], quiet: false } });
  const service = (name: string, settings: object): object => ({
    name,
    unit: `${name}.service`,
    ...settings,
  });
  const profiled = { interval: "6s", duration: "4s", logs: "otlp" };
  stack.configure({
    environment: "production",
    detectDrift: true,
    prometheus: { url: "http://127.0.0.1:9090" },
    logs: { url: "http://127.0.0.1:3100", source: ["journal", "otlp"], level: "info" },
    traces: { url: "http://127.0.0.1:4320" },
    services: [
      service("soar-run", { port: 9091, metrics: { interval: "1s" }, telemetryName: "run", ...profiled }),
      service("soar-ingest", { port: 9093, metrics: true, telemetryName: "ingest", ...profiled }),
      service("soar-web", { port: 9092, profiles: [], metrics: true, telemetryName: "web", logs: "otlp" }),
      service("soar-pull-data", { port: 9099, schedule: "intermittent", metrics: true, ...profiled }),
      service("soar-sitemap", { profiles: [], schedule: "intermittent" }),
    ],
  });

  const onHost = async (command: string, input: string | Buffer): Promise<void> => {
    const { code, stderr } = await sshHost(stack.host, command, { input, shared: true });
    expect(code, stderr).toBe(0);
  };
  const deploy = (): Promise<string> => stack.operator("/root/soar/deploy.sh");
  /** How many samples of a service are stored, of two hours until then; no query of SOAR's Pyroscope is longer than a day. */
  const samples = async (name: string, end: number): Promise<number> => {
    const profile = { service: name, environment: "production", type: counted };
    return (await flameGraph(pyroscopeOn(stack.host), profile, { start: end - 2 * hour, end })).total;
  };
  /** The profiles that a test has stored, by how many hours old they were. */
  const ages = [50, 6, 2];
  const begun = Date.now();
  const storedBefore = async (): Promise<number[]> =>
    Promise.all([
      ...ages.map((age) => samples(`aged-${age}`, begun - (age - 1) * hour)),
      samples("soar-run", counting),
      samples("soar-ingest", counting),
    ]);
  let counting = 0;
  let before: number[] = [];
  /** How many blocks of profiles the plan has told of. */
  let planned = 0;

  /** All that SOAR's scripts have made, to the byte, and what runs by it. */
  const look = (): Promise<string> =>
    stack.operator(
      `find ${places} -exec stat -c '%n %a %U:%G' {} + | sort; find ${places} -type f -exec sha256sum {} + | sort -k2; ` +
        "find /var/lib/pyroscope -maxdepth 3 ! -path '*/head/*' ! -path '*/local/*' ! -name '*_seed.json' -printf '%p %m %u:%g\\n' | sort; " +
        "dpkg-query -W -f '${Package} ${Version} ${Status}\\n'; apt-mark showhold; " +
        "for unit in pyroscope alloy prometheus loki tempo; do systemctl is-enabled $unit; systemctl is-active $unit; done; " +
        "ss -Hltnp | grep -e pyroscope -e alloy | awk '{ print $4 }' | sort",
    );
  let found = "";

  beforeAll(async () => {
    await stack.operator("mkdir /root/soar");
    for (const name of ["provision.sh", "deploy.sh"]) {
      const script = await readFile(path.join(__dirname, "harness/soar", name), "utf8");
      await onHost(`cat >/root/soar/${name} && chmod +x /root/soar/${name}`, script);
    }
    await stack.operator(`/root/soar/provision.sh ${stack.host.repositoryUrl}`);
    for (const age of ages) {
      const url = `http://127.0.0.1:4040/ingest?format=pprof&name=aged-${age}%7Benvironment%3Dproduction%7D`;
      await onHost(`curl -fsS --data-binary @- '${url}'`, smallProbe("cpu", begun - age * hour).gzipped);
    }
    await sendRecords(stack, 4318, "run", { "of before": 17 });
    while ((await samples("soar-ingest", Date.now())) === 0) await sleep(1000);
    await deploy(); // Pyroscope writes its blocks when it ends.
  }, 200_000);

  test("is told before anything is changed what becomes of what it has, and what is in the way", async () => {
    found = await look();
    const { text } = await stack.previewFails();
    const said = await stack.upFails();
    const told = [
      `note: /etc/apt/sources.list.d/grafana.list has ${stack.host.repositoryUrl} stable, signed by another key file`,
      "note: /etc/pyroscope/config.yml is there: it will be replaced, and comes back with a destroy",
      "note: /etc/alloy/config.alloy will no longer be read, and is again after a destroy",
      `${override} sets ExecStart`,
      '- the job "alloy" of Prometheus scrapes http://127.0.0.1:12345/metrics already, as the stack would (alloy)',
      '- the job "pyroscope" of Prometheus scrapes http://127.0.0.1:4040/metrics already, as the stack would (pyroscope)',
      '- the job "soar-run" of Prometheus scrapes http://127.0.0.1:9091/metrics already, as the stack would (soar-run)',
    ];
    for (const words of told) {
      expect(said).toContain(words);
      expect(text).toContain(words.replace(/^note: /, ""));
    }
    const [, count = ""] =
      /\/var\/lib\/pyroscope\/anonymous has profiles of another configuration \(blocks: (\d+), \d+ MiB\): they are moved to where/.exec(
        said,
      ) ?? [];
    planned = Number(count);
    expect(planned).toBeGreaterThan(ages.length);
    expect(await look()).toBe(found);
  });

  test("is taken over by one `up`: one query answers for profiles of before and after, and nothing is scraped twice", async () => {
    await stack.operator(
      `mv ${override} /root; rm ${jobs}; systemctl daemon-reload; systemctl reload prometheus`,
    );
    stack.configure({ prometheus: { url: "http://127.0.0.1:9090", skip: ["soar-run"] } });
    counting = Date.now() - 20_000; // What is on its way counts to neither.
    before = await storedBefore();
    expect(before.slice(0, ages.length)).toEqual(ages.map(() => 100));
    expect(Math.min(...before)).toBeGreaterThan(0);
    const { text } = await stack.up();
    // As the plan has told it; Pyroscope has written one more block when it was stopped.
    const [, moved] = /; brought along: profiles of \/var\/lib\/pyroscope \(blocks: (\d+)\)/.exec(text) ?? [];
    expect(Number(moved)).toBeGreaterThanOrEqual(planned);
    expect(await stack.operator("find /var/lib/pyroscope/anonymous -name meta.json")).toBe("");
    expect(await stack.operator("head -n 1 /etc/pyroscope/config.yml")).toContain(
      "Managed by soar-profiling",
    );
    expect(await stack.operator(`tr '\\0' ' ' </proc/${await stack.pid("alloy")}/cmdline`)).toContain(
      " /etc/alloy/conf.d ",
    );
    expect(await stack.status("test -e /etc/apt/sources.list.d/grafana.list")).toBe(1);
    expect(await storedBefore()).toEqual(before);
    await expect
      .poll(async () => (await samples("soar-run", Date.now())) - (before.at(-2) ?? 0), { timeout: 60_000 })
      .toBeGreaterThan(0);

    const { activeTargets } = await askPrometheus<{ activeTargets: { scrapeUrl: string }[] }>(
      stack,
      "targets",
    );
    const urls = activeTargets.map(({ scrapeUrl }) => scrapeUrl.replace("localhost", "127.0.0.1"));
    expect([...new Set(urls)].sort()).toEqual([...urls].sort());
    expect(urls).toContain("http://127.0.0.1:9091/metrics");
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
  });

  test("its logs arrive by both ways, errors as errors, none twice", async () => {
    await writeJournal(
      stack,
      "soar-pull-data.service",
      "2026-03-01T12:00:00.1Z ERROR pull: sent, and printed",
    );
    await writeJournal(stack, timer, "2026-03-01T12:00:00.1Z ERROR soar_sitemap: printed only");
    await sendRecords(stack, 4318, "run", { "sent, an error": 17, "sent, of debugging": 5, "sent, last": 9 });
    await awaitLine(stack, `{service_name="soar-run", level="info"}`, "sent, last");
    await awaitLine(
      stack,
      `{service_name="soar-sitemap", level="error"}`,
      "2026-03-01T12:00:00.1Z ERROR soar_sitemap: printed only",
    );
    expect(await linesInLoki(stack, `{service_name=~".+"} |~ "sent"`)).toEqual([
      "sent, an error",
      "sent, last",
    ]);
    expect(await linesInLoki(stack, `{level="error"} |~ "sent"`)).toEqual(["sent, an error"]);
  });

  test("their old deploy, run again, is told and mended, and what was stored meanwhile comes along", async () => {
    await deploy();
    await onHost(
      "curl -fsS --data-binary @- 'http://127.0.0.1:4040/ingest?format=pprof&name=meanwhile%7Benvironment%3Dproduction%7D'",
      smallProbe("cpu", Date.now()).gzipped,
    );
    const { code, report } = await stack.verify();
    expect(code).toBe(1);
    const declared = report.checks.filter(({ name, state }) => name === "declared" && state === "broken");
    expect(declared.map(({ detail }) => detail).join("\n")).toContain("/etc/pyroscope/config.yml");
    const { text } = await stack.preview();
    expect(text).toContain("On the host /etc/pyroscope/config.yml was edited. An up puts it back.");
    await stack.operator(`rm ${jobs}; systemctl reload prometheus`);
    expect((await stack.up()).text).toContain("brought along: profiles of /var/lib/pyroscope");
    expect(await samples("meanwhile", Date.now())).toBe(100);
    expect(await storedBefore()).toEqual(before);
  });

  test("is given back by a destroy, to the byte and the running units, with all profiles", async () => {
    await stack.destroy();
    // What an operator has taken away for it.
    await stack.operator(
      `mkdir -p ${path.dirname(override)}; mv /root/override.conf ${override}; systemctl daemon-reload`,
    );
    await deploy();
    expect(await storedBefore()).toEqual(before);
    expect(await samples("meanwhile", Date.now())).toBe(100);
    expect(await look()).toBe(found);
  });
});
