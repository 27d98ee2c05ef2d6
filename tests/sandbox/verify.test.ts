import { describe, expect, test } from "vitest";
import { waitForProfiles } from "../../operations/arrivals";
import { type Chain, firstFault, isWhole } from "../../operations/verify/chain";
import type { Report } from "../../operations/verify/verify";
import { pyroscopeOn } from "../../sandbox/query";
import { editFile, eventually } from "./harness/faults";
import { targets } from "./harness/prometheus";
import { TestStack } from "./harness/stack";

const profilesFile = "/etc/alloy/conf.d/sandbox-profiles.alloy";

interface Service {
  name: string;
  port: number;
  profiles?: string[];
}

describe("verify", { timeout: 900_000 }, async () => {
  const stack = await TestStack.create("verify", { host: { quiet: false } });
  const services = stack.setting("services") as Service[];
  const ways = services.flatMap(({ name, profiles = ["cpu"] }) => profiles.map((kind) => `${name} ${kind}`));
  const portOf = (name: string): number => services.find((service) => service.name === name)?.port ?? 0;
  // A Loki that is away is no fault of the host's.
  stack.configure({ logs: { url: "http://127.0.0.1:3100" }, push: { port: 4100 } });

  const nameOf = ({ service, kind }: Chain): string => `${service} ${kind}`;
  /** The first broken link of each way, and the broken checks, in words. */
  const faultsOf = ({ chains, checks }: Report): Record<string, string> => {
    const faults: Record<string, string> = {};
    for (const chain of chains) {
      const fault = firstFault(chain);
      if (fault !== undefined) faults[nameOf(chain)] = `${fault.name}: ${fault.detail}`;
    }
    const broken = checks.filter(({ state }) => state === "broken");
    for (const { name, detail } of broken) faults[name] = [faults[name] ?? [], detail].flat().join("; ");
    return faults;
  };
  const faults = async (): Promise<Record<string, string>> => faultsOf((await stack.verify()).report);
  const fault = (name: string, kind: string): Promise<string> =>
    stack.operator(`curl -sSf -X POST 'http://127.0.0.1:${portOf(name)}/fault?kind=${kind}'`);
  const restartAlloy = "curl -sSf -X POST http://127.0.0.1:12345/-/reload";

  test("follows each kind of profile into Pyroscope, and the probe comes back whole, in one SSH session", async () => {
    await stack.up();
    // Which is asked at less cost.
    await waitForProfiles(pyroscopeOn(stack.host), stack.declared(), 120);
    await expect.poll(faults, { timeout: 400_000, interval: 1_000 }).toEqual({});
    const logins = await stack.logins();
    const { code, report } = await stack.verify();
    expect(await stack.logins()).toBe(logins + 1);
    expect(code).toBe(0);
    expect(report.chains.map(nameOf)).toEqual(ways);
    expect(report.chains.filter((chain) => !isWhole(chain))).toEqual([]);
    const proven = Object.fromEntries(report.checks.map(({ name, detail }) => [name, detail]));
    expect(proven).toMatchObject({
      pyroscope: "answers at http://127.0.0.1:4040",
      declared: "what runs is what was declared",
      "probe cpu": "100 samples of a profile of 2.5 KiB, all that was sent",
      "probe heap": "50.0 MiB of a profile of 2.3 KiB, all that was sent",
      "probe large": "15900 samples of a profile of 3.9 MiB, all that was sent",
      "probe push": "100 samples of a profile of 2.5 KiB, all that was sent",
    });
  });

  test("finds each thread's own function in Pyroscope with the share that it has at the endpoint", async () => {
    // More work, so that there are enough samples for shares to mean something, and a minute of nothing else in Pyroscope.
    await stack.operator(
      "mkdir -p /run/systemd/system/soar-web.service.d; " +
        `printf '[Service]\\nExecStart=\\nExecStart=/usr/local/bin/soar-service --name soar-web --port ${portOf("soar-web")} --work 60\\n' ` +
        "> /run/systemd/system/soar-web.service.d/work.conf; systemctl daemon-reload; systemctl restart soar-web; sleep 70",
    );
    const threads = ["archiver", "elevation", "flight_tracker", "soar_worker"];
    const apart = Object.fromEntries(threads.map((thread) => [thread, 0]));
    // Of three looks: one is of too few samples on a machine that is busy.
    for (const look of [1, 2, 3]) {
      const { report } = await stack.verify("soar-web");
      const functions = report.chains.flatMap((chain) => chain.functions);
      for (const thread of threads) {
        const found = functions.find(({ name }) => name === `soar_service::threads::${thread}`);
        expect(found, `${thread} in look ${look}`).toBeDefined();
        apart[thread] = (apart[thread] ?? 0) + ((found?.endpoint ?? 0) - (found?.stored ?? 0)) / 3;
      }
    }
    // It would go on for as long as this file.
    await stack.operator(
      "rm -r /run/systemd/system/soar-web.service.d; systemctl daemon-reload; systemctl restart soar-web",
    );
    for (const thread of threads) expect(Math.abs(apart[thread] ?? 1), thread).toBeLessThan(0.1);
  });

  test("touches nothing on the host beside what Pyroscope stores", async () => {
    const places = "/etc /usr /var/lib/soar-profiling /tmp /root /home";
    const look = (): Promise<string> =>
      stack.operator(
        `find ${places} -mindepth 1 -printf '%p %T@ %i %s\\n' | sort | sha256sum; systemctl show -p MainPID alloy pyroscope 'soar-*'`,
      );
    const before = await look();
    await stack.verify("soar-web");
    expect(await look()).toBe(before);
  });

  test("names a stopped service, a wrong port, a lost label, a wrong profile, and a journal that is closed to Alloy", async () => {
    await stack.operator("systemctl stop soar-web");
    await fault("soar-ingest-ogn", "no-symbols");
    await fault("soar-ingest-adsb", "cpu-as-heap");
    await fault("soar-web-staging", "html");
    await editFile(stack, profilesFile, 's/"service_name" = "soar-run"/"service" = "soar-run"/');
    await stack.operator(`${restartAlloy}; gpasswd -d alloy systemd-journal`);
    stack.configure({
      services: services.map((service) =>
        service.name === "soar-run-staging" ? { ...service, port: 9292 } : service,
      ),
    });
    const { code, report } = await stack.verify();
    expect(code).toBe(1);
    const lost =
      "alloy: label lost: Alloy \\(pyroscope\\.scrape\\.\\S+\\) takes the profiles of 127.0.0.1:9091 as service_name unspecified, environment sandbox";
    expect(faultsOf(report)).toEqual({
      "soar-run cpu": expect.stringMatching(new RegExp(`^${lost}$`)) as unknown,
      "soar-run heap": expect.stringMatching(new RegExp(`^${lost}$`)) as unknown,
      "soar-web cpu": expect.stringMatching(/^listens: soar-web\.service is stopped \(inactive\)/) as unknown,
      "soar-ingest-ogn cpu":
        "profile: 100 % of the frames are addresses or [unknown], without a function's name",
      "soar-ingest-adsb heap":
        "profile: serves CPU data (samples/count, cpu/nanoseconds) where heap is declared, which is inuse_space/bytes",
      "soar-run-staging cpu":
        "listens: nothing listens at 127.0.0.1:9292: soar-run-staging.service runs, and listens at 127.0.0.1:9192",
      "soar-web-staging cpu":
        "profile: /debug/pprof/profile answers an HTML page, which is no profile in the pprof format",
      declared: `alloy is not in group systemd-journal; ${profilesFile} was edited`,
    });
    stack.configure({ services });
    for (const name of ["soar-ingest-ogn", "soar-ingest-adsb", "soar-web-staging"]) await fault(name, "none");
    await editFile(stack, profilesFile, 's/"service" = "soar-run"/"service_name" = "soar-run"/');
    await stack.operator(`${restartAlloy}; gpasswd -a alloy systemd-journal; systemctl start soar-web`);
  });

  test("names an endpoint that says nothing, one that is busy, and one that does not measure", async () => {
    await fault("soar-run", "silent");
    await fault("soar-web", "hasty");
    await fault("soar-ingest-ogn", "svg");
    await fault("soar-run-staging", "not-found");
    await fault("soar-web-staging", "garbage");
    const found = await faults();
    for (const { name } of services) await fault(name, "none");
    const path = "/debug/pprof/profile";
    expect(found).toMatchObject({
      "soar-run cpu": `profile: ${path} says nothing within 19 s`,
      "soar-run heap": "profile: /debug/pprof/heap says nothing within 20 s",
      "soar-web cpu": expect.stringMatching(/measures [01]\.\d s where 4 s are asked for$/) as unknown,
      "soar-ingest-ogn cpu": `profile: ${path} answers an SVG picture, which is no profile in the pprof format`,
      "soar-run-staging cpu": `profile: ${path} is not there (404)`,
      "soar-web-staging cpu": expect.stringMatching(/which is no profile in the pprof format$/) as unknown,
    });
  });

  test("names an Alloy that is stopped, and a Pyroscope that is away", async () => {
    await stack.operator("systemctl stop alloy");
    const stopped = await faults();
    for (const way of ways) expect(stopped[way], way).toMatch(/^alloy: Alloy: alloy\.service is stopped \(/);
    expect(stopped["declared"]).toBe("alloy.service does not run");

    await stack.operator("systemctl start alloy");
    await eventually(stack, "curl -sf http://127.0.0.1:12345/-/ready");
    await stack.operator("systemctl stop pyroscope");
    const away = await faults();
    for (const way of ways)
      expect(away[way], way).toMatch(/^pyroscope: Pyroscope: pyroscope\.service is stopped \(/);
    await stack.operator("systemctl start pyroscope");
    await eventually(stack, "curl -sf http://127.0.0.1:4040/ready");
  });

  test("is content with a service without profiles, and with an intermittent one that does not run", async () => {
    const changes: Record<string, object> = {
      "soar-web": { profiles: [], metrics: { interval: "5s", timeout: "2s", labels: { team: "web" } } },
      "soar-web-staging": { schedule: "intermittent", metrics: true },
    };
    stack.configure({
      services: services.map((service) => ({ ...service, ...changes[service.name] })),
      prometheus: { url: "http://127.0.0.1:9090" },
    });
    await stack.operator("systemctl stop soar-web-staging");
    const { text } = await stack.up();
    expect(text).toContain(
      "note: these are away, as they may be: soar-web-staging (127.0.0.1:9193); what they serve was not looked at",
    );
    expect((await stack.outputs())["services"]?.value).toMatchObject({
      "soar-web": "no profiles",
      "soar-web-staging": "cpu",
    });
    await expect.poll(faults, { timeout: 200_000, interval: 1_000 }).toEqual({});

    const { code, report } = await stack.verify();
    expect(code).toBe(0);
    expect(report.chains.map(nameOf)).toEqual(ways.filter((way) => way !== "soar-web cpu"));
    expect(report.chains.find(({ service }) => service === "soar-web-staging")?.links.listens).toEqual({
      state: "away",
      detail: expect.stringMatching(/^soar-web-staging\.service is stopped \(inactive\)/) as unknown,
    });
    expect(report.checks).toContainEqual({
      name: "service soar-web",
      state: "ok",
      detail: `no profiles are declared; soar-web.service runs and http://127.0.0.1:${portOf("soar-web")}/metrics answers`,
    });
    const found = await targets(stack);
    expect(found.find(({ labels }) => labels["job"] === "soar-web")?.labels).toMatchObject({ team: "web" });

    // It runs again, and Alloy has not asked it since.
    await stack.operator("systemctl start soar-web-staging");
    await expect.poll(faults, { timeout: 60_000, interval: 1_000 }).toEqual({});
    await stack.operator("systemctl stop soar-web");
    expect(await faults()).toMatchObject({
      "service soar-web": expect.stringContaining("soar-web.service is stopped") as unknown,
    });
    await stack.operator("systemctl start soar-web");
  });

  test("names all that an old deploy has written over, and so does an `up` that changes something else", async () => {
    stack.configure({ services, prometheus: { url: "http://127.0.0.1:9090" } });
    await stack.up();
    await expect.poll(faults, { timeout: 200_000, interval: 1_000 }).toEqual({});
    const config = "/etc/pyroscope/config.yml";
    const main = "/etc/prometheus/prometheus.yml";
    const dropIn = "/etc/systemd/system/pyroscope.service.d/override.conf";
    const job = "/etc/prometheus/jobs/soar-run.yml";
    const ready = "curl -sf http://127.0.0.1:4040/ready";
    await stack.operator(
      [
        `printf 'pyroscopedb:\n  data_path: /var/lib/pyroscope\n' >${config}`,
        `printf '[Service]\nExecStart=\nExecStart=/usr/bin/pyroscope -config.file ${config} -compactor.blocks-retention-period=720h\n' >${dropIn}`,
        "printf 'loki.echo \"theirs\" {\n}\n' >/etc/alloy/config.alloy",
        `printf 'scrape_config_files: [/etc/prometheus/jobs/*.yml]\n' >${main}`,
        `printf '%s\n' 'scrape_configs: [{job_name: soar-run, static_configs: [{targets: ["localhost:9091"]}]}]' >${job}`,
        "systemctl daemon-reload; systemctl restart pyroscope alloy; systemctl reload prometheus",
      ].join("; "),
    );
    await eventually(
      stack,
      `${ready} && curl -sf http://127.0.0.1:9090/api/v1/targets | grep -q '"scrapePool":"soar-run"'`,
    );
    const found = await faults();
    expect(found["prometheus"]).toBe(
      'the job "soar-run" scrapes what the stack does (soar-run), so that every sum doubles',
    );
    const named = found["declared"]?.split("; ") ?? [];
    expect(named).toContain(`${config} was edited`);
    expect(named).toContain(`${main} was edited`);
    expect(named.join("\n")).toContain(`${dropIn} sets ExecStart (with -compactor.blocks-retention-period)`);

    const logins = await stack.logins();
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    expect(await stack.logins()).toBe(logins);
    stack.configure({ gitRef: "0123456" });
    const { text } = await stack.up();
    expect(await stack.logins()).toBe(logins + 1);
    const told = [...new Set(text.match(/warning: On the host .*/g))];
    expect(told).toHaveLength(3);
    for (const file of [config, main]) {
      expect(told).toContain(`warning: On the host ${file} was edited. An up with detectDrift puts it back.`);
    }
    expect(told.join("\n")).toContain(`warning: On the host ${dropIn} sets ExecStart`);

    await stack.operator(`rm ${dropIn} ${job}; systemctl daemon-reload`);
    stack.configure({ detectDrift: true });
    await stack.up();
    await eventually(stack, ready);
    await expect.poll(faults, { timeout: 60_000, interval: 1_000 }).toEqual({});
  });
});
