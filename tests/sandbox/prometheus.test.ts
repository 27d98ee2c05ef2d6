import { beforeAll, describe, expect, test } from "vitest";
import { profiled } from "../../config/service";
import { pipelineDashboard } from "../../render/grafana/pipeline-dashboard";
import { sshHost } from "../../sandbox/host/host";
import { accepted } from "../config/sample";
import { eventually } from "./harness/faults";
import {
  askPrometheus,
  expectUp,
  picture,
  queryPrometheus,
  targets,
  withoutTimes,
} from "./harness/prometheus";
import { TestStack } from "./harness/stack";
import { applyByHand, declarationOf, killScriptAt } from "./harness/transaction";

const main = "/etc/prometheus/prometheus.yml";
const jobs = "/etc/prometheus/jobs";
const unit = "prometheus.service";
const records = "/var/lib/soar-profiling/sandbox/prometheus";
const scratch = "/run/soar-profiling/sandbox-prometheus";

describe("the host's own Prometheus", async () => {
  const stack = await TestStack.create("prometheus");
  const all = (stack.setting("services") as { name: string; port: number; profiles?: string[] }[]).map(
    (service) => ({
      ...service,
      metrics: true,
    }),
  );
  const named = (...names: string[]): object[] => all.filter(({ name }) => names.includes(name));
  const prometheus = { url: "http://127.0.0.1:9090" };
  const slowly = all.slice(0, 1).map((service) => ({ ...service, interval: "30s" }));
  /** What the pipeline dashboard's panels on the cost of profiles have of the first service: time, bytes of each kind, processors. */
  const costs = async (services: object[]): Promise<number[]> => {
    const { services: settings } = accepted({ services });
    const info = { environment: "sandbox", platform: "sandbox", storage: undefined };
    const { panels = [] } = pipelineDashboard({ ...info, services: profiled(settings) }, "any");
    const queries = (panels as { title?: string; targets?: { expr: string }[] }[])
      .filter(({ title = "" }) => /^Cost to the services|^Processors/.test(title))
      .flatMap(({ targets = [] }) => targets);
    const found = await Promise.all(
      queries.map(({ expr }) => queryPrometheus(stack, expr.replace("$__rate_interval", "1m"))),
    );
    const ofOne = found
      .flat()
      .filter(({ metric }) => (metric["service_name"] ?? metric["job"]) === "soar-run");
    return ofOne.map(({ value: [, number] }) => Number(number));
  };

  const declaration = (): Promise<string> => declarationOf(stack, "soar-prometheus-config-files");

  /** What counts when a change was taken back: without the times, and an empty directory that goes with the stack. */
  const settled = (text: string): string =>
    withoutTimes(text).replace(/^.*soar-profiling-targets d .*\n/gm, "");

  let original: string;
  let pid: string;

  beforeAll(async () => {
    // An operator's own pattern in the same directory, which takes in no file of ours, and one in a directory that is too
    // large to be copied for every validation.
    await stack.operator(
      `sed -i 's,^rule_files:,&\\n  - rules/soar-*.yml\\n  - data/*.yml,' ${main}; ` +
        "mkdir /etc/prometheus/data; fallocate -l 70M /etc/prometheus/data/block",
    );
    await stack.operator(`cp -a ${main} /root/original.yml`);
    original = await stack.operator(`cat ${main}`);
    pid = await stack.pid(unit);
    stack.configure({ services: slowly, prometheus });
    await stack.up();
  });

  test("sees the platform and the service, by one line for jobs and one for rules in its file", async () => {
    const seen = await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", "soar-run"]);
    expect(seen.find(({ labels }) => labels["job"] === "soar-run")).toMatchObject({
      scrapePool: "sandbox-soar-run",
      labels: {
        environment: "sandbox",
        instance: "127.0.0.1:9091",
        job: "soar-run",
        service_name: "soar-run",
      },
    });
    const added = (await stack.operator(`diff /root/original.yml ${main} || :`)).match(/^[<>].*$/gm);
    expect(added).toEqual([
      `> scrape_config_files: ["${jobs}/*.yml"] # soar-profiling`,
      `>   - "/etc/prometheus/rules/*-profiling.yml" # soar-profiling`,
    ]);
    expect(await stack.operator(`stat -c '%a %U:%G' ${main} ${jobs} ${jobs}/sandbox-alloy.yml`)).toBe(
      "644 root:root\n750 root:prometheus\n640 root:prometheus\n",
    );
    expect(await stack.pid(unit), "reloaded, not restarted").toBe(pid);
  });

  test("evaluates our rules, on metrics that are there", async () => {
    const rules = async (): Promise<{ name: string; health: string; state?: string }[]> => {
      const { groups } = await askPrometheus<{
        groups: { name: string; rules: { name: string; health: string }[] }[];
      }>(stack, "rules");
      expect(groups.map(({ name }) => name)).toEqual(["sandbox-profiling"]);
      return groups.flatMap((group) => group.rules);
    };
    const soon = { timeout: 90_000, interval: 1_000 };
    await expect
      .poll(async () => new Set((await rules()).map(({ health }) => health)), soon)
      .toEqual(new Set(["ok"]));
    const metrics = [
      "up",
      "pyroscope_write_sent_profiles_total",
      "pyroscope_compactor_last_successful_run_timestamp_seconds",
      "pyroscope_compactor_block_cleanup_last_successful_run_timestamp_seconds",
      "process_start_time_seconds",
      "profiling:filesystem_size_bytes",
    ];
    const all = metrics.map((name) => `count({__name__="${name}",environment="sandbox"})`).join(" and ");
    await expect.poll(() => queryPrometheus(stack, all), soon).toHaveLength(1);

    const [free] = await queryPrometheus(stack, 'profiling:filesystem_avail_bytes{environment="sandbox"}');
    const seen = Number(await stack.operator("df -B1 --output=avail /var/lib/pyroscope | tail -n 1"));
    expect(free?.metric["mountpoint"]).toBe("/");
    expect(Math.abs(Number(free?.value[1]) / seen - 1)).toBeLessThan(0.1);

    // More labels than Pyroscope takes.
    const labels = Array.from({ length: 40 }, (_, index) => `l${index}=x`).join(",");
    await stack.operator(
      "curl -fsS http://127.0.0.1:9091/debug/pprof/heap | curl -sS --data-binary @- -H 'Content-Type: application/octet-stream' " +
        `'http://127.0.0.1:4040/ingest?format=pprof&name=x%7B${labels}%7D'`,
    );
    await expect
      .poll(
        async () => (await rules()).filter(({ state }) => state === "firing").map(({ name }) => name),
        soon,
      )
      .toEqual(["PyroscopeDiscardsSamples"]);
  });

  let costsSlowly: number[] = [];

  test("tells what being profiled costs a service, for each panel of it", async () => {
    const all = async (): Promise<number[]> => (costsSlowly = await costs(slowly));
    // 4 seconds of 30, once it has gone on for long enough.
    const isSettled = ([time = NaN, ...others]: number[]): boolean =>
      time > 0 && time < 0.2 && others.length === 3 && Math.min(...others) > 0;
    await expect.poll(all, { timeout: 180_000, interval: 1_000 }).toSatisfy(isSettled);
  }, 200_000);

  test("names one of six services that falls silent while its metrics go on, and no other; and ends when it is back", async () => {
    // One of them may be away, with its metrics.
    const resting = "soar-web-staging";
    stack.configure({
      services: all.map((service) =>
        service.name === resting ? { ...service, schedule: "intermittent" } : service,
      ),
    });
    await stack.up();
    await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", ...all.map(({ name }) => name)]);
    const count = 'count(profiling:interval_seconds{environment="sandbox"})';
    await expect
      .poll(async () => (await queryPrometheus(stack, count))[0]?.value[1], {
        timeout: 60_000,
        interval: 1_000,
      })
      .toBe(String(all.reduce((sum, { profiles = ["cpu"] }) => sum + profiles.length, 0)));
    const impair = (service: string, kind: string): Promise<string> => {
      const port = all.find(({ name }) => name === service)?.port;
      return stack.operator(`curl -fsS -X POST 'http://127.0.0.1:${port}/fault?kind=${kind}'`);
    };
    const firing = async (): Promise<string[]> =>
      (await queryPrometheus(stack, 'ALERTS{alertstate="firing",alertname=~"Profil.*|Alloy.*"}'))
        .map(({ metric: { alertname, service_name, kind, environment, reason } }) =>
          [alertname, service_name, kind, environment, reason]
            .filter((value) => value !== undefined)
            .join(" "),
        )
        .sort();
    const within = { timeout: 300_000, interval: 3_000 };
    await expect.poll(firing, within).toEqual([]);

    await stack.operator(`systemctl stop ${resting}`);
    // One answers 404, and what another answers is more than Pyroscope takes.
    await impair("soar-web", "not-found");
    await impair("soar-ingest-adsb", "oversize");
    await expect
      .poll(firing, within)
      .toEqual([
        "ProfilesDropped soar-ingest-adsb cpu sandbox",
        "ProfilesNotDelivered soar-ingest-adsb cpu sandbox",
        "ProfilesRefused soar-web cpu sandbox HTTP status (404)",
      ]);
    await stack.operator(`systemctl start ${resting}`);
    await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", ...all.map(({ name }) => name)]);

    await impair("soar-web", "none");
    await impair("soar-ingest-adsb", "none");
    // What was dropped within the last quarter of an hour stays told.
    await expect.poll(firing, within).toEqual(["ProfilesDropped soar-ingest-adsb cpu sandbox"]);
    stack.configure({ services: named("soar-run") });
    await stack.up();
  }, 900_000);

  test("tells that it costs the service more where profiles are more frequent, as they are since then", async () => {
    let often: number[] = [];
    const all = async (): Promise<number[]> => (often = await costs(named("soar-run")));
    // 4 seconds of 6; a busy machine takes some more for a profile.
    const isSettled = ([time = NaN]: number[]): boolean => time > 0.4 && time < 0.75;
    await expect.poll(all, { timeout: 90_000, interval: 1_000 }).toSatisfy(isSettled);
    const [time, cpu, heap, processors] = often.map((cost, index) => cost / (costsSlowly[index] ?? NaN));
    expect(time).toBeGreaterThan(2);
    expect(cpu).toBeGreaterThan(1);
    expect(heap).toBeGreaterThan(1);
    expect(processors).toBeGreaterThan(2);
  });

  test("is not touched by a second `up`, and only reloaded for one service more", async () => {
    const before = await picture(stack);
    expect((await stack.up()).changes).not.toHaveProperty("update");
    expect(await picture(stack)).toBe(before);

    stack.configure({ services: named("soar-run", "soar-web") });
    expect((await stack.up()).text).toContain(
      `prometheus: prometheus.service reloaded, files changed: ${jobs}/sandbox-soar-web.yml /etc/prometheus/rules/sandbox-profiling.yml`,
    );
    await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", "soar-run", "soar-web"]);
    const changed = (await picture(stack)).split("\n").filter((line) => !before.includes(line));
    expect(changed.map((line) => line.replace(/.*\/etc\/prometheus\/(\S*).*/, "$1"))).toEqual([
      "jobs",
      "jobs/sandbox-soar-web.yml",
      "rules",
      "rules/sandbox-profiling.yml",
      ...["jobs/sandbox-soar-web.yml", "rules/sandbox-profiling.yml"].sort(),
    ]);
    expect(await stack.pid(unit)).toBe(pid);
  });

  describe("refuses a change, which then changes nothing,", () => {
    test.each([
      ["an operator's broken job beside ours", `${jobs}/mine.yml`, "scrape_configs:\n  - job_nam: x\n"],
      ["an operator's broken rule", "/etc/prometheus/rules/mine-profiling.yml", "groups:\n  - nam: x\n"],
      ["one in a directory too large to copy", "/etc/prometheus/data/mine.yml", "groups:\n  - nam: x\n"],
    ])("because of %s, and names that file", async (_, file, content) => {
      await sshHost(stack.host, `cat >${file}`, { input: content });
      const before = await picture(stack);
      stack.configure({ services: named("soar-run") });
      const text = await stack.upFails();
      expect(text).toContain(file);
      expect(text).toMatch(/field (job_nam|nam) not found/);
      expect(text).toContain(`prometheus: refused by 'promtool check config ${main}'`);
      expect(text).toContain("nothing was changed");
      expect(await picture(stack)).toBe(before);
      await stack.operator(`rm ${file}`);
      stack.configure({ services: named("soar-run", "soar-web") });
    });

    test("because Prometheus itself does not load it: the old files are back, and loaded", async () => {
      // A promtool that sees nothing wrong, as an older one would of a newer field.
      await stack.operator(
        "printf '#!/bin/sh\\n' >/usr/local/bin/promtool; chmod 755 /usr/local/bin/promtool",
      );
      const before = withoutTimes(await picture(stack));
      const spoilt = (await declaration()).replace("    - job_name: sandbox-soar-web", "    - job_nam: x");
      const { code, text } = await applyByHand(stack, "prometheus", spoilt);
      await stack.operator("rm /usr/local/bin/promtool");
      expect(code).toBe(1);
      expect(text).toContain("field job_nam not found");
      expect(text).toContain("the old files are back and prometheus.service runs on them");
      expect(withoutTimes(await picture(stack))).toBe(before);
      await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", "soar-run", "soar-web"]);
      expect(
        await stack.operator(
          "curl -fsS http://127.0.0.1:9090/metrics | grep ^prometheus_config_last_reload_successful",
        ),
      ).toContain(" 1\n");
    });

    test("because its address is not the one that the settings have", async () => {
      const elsewhere = (await declaration()).replaceAll("127.0.0.1:9090", "127.0.0.1:9999");
      const before = withoutTimes(await picture(stack));
      const { code, text } = await applyByHand(stack, "prometheus", elsewhere.replace(/9092$/m, "9191"));
      expect(code).toBe(1);
      expect(text).toContain("no Prometheus answers at http://127.0.0.1:9999: set prometheus.url");
      expect(withoutTimes(await picture(stack))).toBe(before);
    });
  });

  test("a run that was cut off leaves all or nothing, and what an operator wrote since stays", async () => {
    const old = await declaration();
    const next = old.replace(/^entry .* rule_files .*\n/m, "").replace("127.0.0.1:9092", "127.0.0.1:9191");
    for (const [point, edit] of [
      [`${records}/work/stage`, ""],
      [`${records}/undo`, ""],
      [`${scratch}/probe`, ""],
      [`${scratch}/probe`, "# An operator's remark."],
    ] as const) {
      const before = withoutTimes(await picture(stack));
      const [{ code }] = await Promise.all([
        applyByHand(stack, "prometheus", next),
        killScriptAt(stack, point),
      ]);
      expect(code, point).toBe(255);
      if (edit !== "") await stack.operator(`echo "${edit}" >>${main}`);
      const { code: again, text } = await applyByHand(stack, "prometheus", old);
      expect([again, text]).toEqual([0, expect.stringContaining("prometheus: ") as unknown]);
      if (edit === "") expect(withoutTimes(await picture(stack)), point).toBe(before);
    }
    const remark = "# An operator's remark.\n";
    const text = await stack.operator(`cat ${main}`);
    expect(text.endsWith(remark)).toBe(true);
    expect(text.match(/ # soar-profiling$/gm)).toHaveLength(2);
    await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", "soar-run", "soar-web"]);
    await stack.operator(`sed -i '$d' ${main}`);
    expect(await stack.pid(unit)).toBe(pid);
  });

  test("while it is stopped it stays so, with the files in place that it then starts with", async () => {
    await stack.operator(`systemctl stop ${unit}`);
    const spoilt = (await declaration()).replace("    - job_name: sandbox-soar-web", "    - job_nam: x");
    expect((await applyByHand(stack, "prometheus", spoilt)).text).toContain("refused by 'promtool");
    stack.configure({ services: named("soar-run") });
    expect((await stack.up()).text).toContain("prometheus: prometheus.service does not run, files changed");
    expect(await stack.status(`systemctl is-active --quiet ${unit}`)).toBe(3);
    await stack.operator(`systemctl start ${unit}`);
    await eventually(stack, "curl -fsS http://127.0.0.1:9090/-/ready");
    pid = await stack.pid(unit);
    await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", "soar-run"]);
  });

  test("an older one is refused before anything is changed, unless it is told of targets by file_sd", async () => {
    const old = "/usr/local/bin/prometheus";
    await stack.operator(
      `printf '#!/bin/sh\\necho "prometheus, version 2.42.0+ds (branch: debian/sid)"\\n' >${old}; chmod 755 ${old}`,
    );
    const before = await picture(stack);
    // Its check runs again when it is another one.
    stack.configure({ prometheus: { url: "http://localhost:9090", discovery: "file_sd" } });
    await stack.up();
    const fromFiles = await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", "soar-run"]);
    expect(fromFiles.map(({ scrapePool }) => scrapePool)).toEqual(Array(4).fill("soar-profiling"));
    expect(fromFiles.find(({ labels }) => labels["job"] === "host")?.labels).toEqual({
      environment: "sandbox",
      instance: "127.0.0.1:12345",
      job: "host",
      service_name: "host",
    });
    expect(await stack.operator(`cat ${main}`)).not.toContain("scrape_config_files");

    stack.configure({ prometheus });
    expect(await stack.upFails()).toContain(
      "- Prometheus is version 2.42.0, and 2.43.0 or later is needed: " +
        "install that one (Debian 13 has it), or set prometheus.discovery to file_sd",
    );
    await stack.operator(`rm ${old}`);
    await stack.up();
    await expectUp(stack, "sandbox", ["alloy", "host", "pyroscope", "soar-run"]);
    expect(settled(await picture(stack))).toBe(settled(before));
  });

  test("another environment on the host has its own files, and what both need goes with the last", async () => {
    const staging = await TestStack.on(stack.host, { environment: "staging" }, "staging");
    staging.configure({
      platform: { stack: "organization/soar-profiling/sandbox" },
      repository: undefined,
      pyroscope: undefined,
      alloy: undefined,
      services: named("soar-run-staging"),
      prometheus,
    });
    const before = await picture(stack);
    await staging.up();
    await expectUp(stack, "staging", ["soar-run-staging"]);
    const kept = before.split("\n").filter((line) => !/\/(jobs|rules) d /.test(line));
    expect((await picture(stack)).split("\n")).toEqual(expect.arrayContaining(kept));

    // As if the first went first.
    const remove = "/usr/local/lib/soar-profiling/sandbox/service-config remove prometheus";
    const declared = await declaration();
    expect(await stack.operator(remove)).toContain(
      "prometheus: its files are gone, prometheus.service reloaded",
    );
    expect(await stack.operator(`ls ${jobs}; grep -c '# soar-profiling$' ${main}`)).toBe(
      "staging-soar-run-staging.yml\n2\n",
    );
    await expectUp(stack, "sandbox", []);
    await expectUp(stack, "staging", ["soar-run-staging"]);
    expect((await applyByHand(stack, "prometheus", declared)).code).toBe(0);
    await staging.destroy();
    expect(settled(await picture(stack))).toBe(settled(before));
    await expectUp(stack, "staging", []);
  });

  test("after a destroy is as it was before, with what its operator has changed since", async () => {
    await stack.operator(
      `sed -i 's/evaluation_interval: 15s/evaluation_interval: 30s/; s/  # - "first_rules.yml"/  - "first_*.yml"/' ${main}`,
    );
    // Elsewhere, and only for Prometheus to read.
    const real = "'/srv/the real [one].yml'";
    await stack.operator(
      `mv ${main} ${real}; chown prometheus: ${real}; chmod 600 ${real}; ln -s ${real} ${main}`,
    );
    await stack.destroy();
    expect(await stack.operator(`cat ${main}`)).toBe(
      original
        .replace("evaluation_interval: 15s", "evaluation_interval: 30s")
        .replace('# - "first_rules.yml"', '- "first_*.yml"'),
    );
    expect(await stack.operator("ls -A /etc/prometheus")).toBe(
      "console_libraries\nconsoles\ndata\nprometheus.yml\n",
    );
    expect(await stack.operator(`stat -c '%F %N' ${main}; stat -c '%a %U:%G' ${real}; ls -A /srv`)).toBe(
      `symbolic link '${main}' -> ${real}\n600 prometheus:prometheus\nthe real [one].yml\n`,
    );
    expect(await stack.pid(unit)).toBe(pid);
    expect((await targets(stack)).length).toBe(0);
  });
});
