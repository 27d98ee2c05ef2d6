import { afterAll, describe, expect, test } from "vitest";
import { flameGraph } from "../../operations/pyroscope-api";
import { waitForProfiles } from "../../operations/arrivals";
import { sshHost, startHost, stopHost } from "../../sandbox/host/host";
import { pyroscopeOn } from "../../sandbox/query";
import { eventually } from "./harness/faults";
import { TestStack } from "./harness/stack";

const units = ["pyroscope.service", "alloy.service"];
const alphaFiles = [
  "/etc/alloy/conf.d/destination.alloy",
  "/etc/alloy/conf.d/platform.alloy",
  "/etc/alloy/conf.d/alpha-*",
  "/etc/pyroscope/config.yml",
];
const betaFiles = ["/etc/alloy/conf.d/beta-*"];
const scripts = "/usr/local/lib/soar-profiling";

describe("two stacks on one host", async () => {
  const host = await startHost("two-stacks", { quiet: true });
  afterAll(() => stopHost("two-stacks"), 60_000);
  const alpha = await TestStack.on(host, { environment: "alpha" }, "alpha");
  const services = alpha.setting("services") as { name: string }[];
  const named = (...names: string[]): object[] => services.filter(({ name }) => names.includes(name));
  alpha.configure({ services: named("soar-run", "soar-web"), push: { port: 4100 } });

  /** A stack that takes the platform of alpha's. */
  const sharing = async (name: string, environment: string): Promise<TestStack> => {
    const stack = await TestStack.on(host, { environment }, name);
    const platform = { stack: "organization/soar-profiling/alpha" };
    stack.configure({ platform, repository: undefined, pyroscope: undefined, alloy: undefined });
    return stack;
  };
  const beta = await sharing("beta", "beta");
  beta.configure({ services: named("soar-run-staging"), push: { port: 4101 } });
  const gamma = await sharing("gamma", "beta");

  const query = pyroscopeOn(host);
  const arrive = async (stack: TestStack): Promise<void> => {
    const findings = await waitForProfiles(query, stack.declared(), 90);
    expect(findings.filter(({ amount }) => amount === 0)).toEqual([]);
  };
  /** CPU profiles of a service that were taken after this moment. */
  const flow = async (service: string, environment: string): Promise<void> => {
    const type = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
    const start = Date.now();
    await expect
      .poll(
        async () =>
          (await flameGraph(query, { service, environment, type }, { start, end: Date.now() })).total,
        { timeout: 60_000, interval: 2_000 },
      )
      .toBeGreaterThan(0);
  };
  const picture = (files: string[]): Promise<string> => alpha.fingerprint(files, units);

  test("the first has its profiles", async () => {
    await alpha.up();
    await arrive(alpha);
  });

  test("a second one on the platform of the first adds its own files, and both have their profiles", async () => {
    const before = await picture(alphaFiles);
    await beta.up();
    expect(await picture(alphaFiles)).toBe(before);
    expect((await beta.outputs())["platform"]?.value).toEqual({
      format: 2,
      environment: "alpha",
      alloy: { version: "1.10.0-1", httpPort: 12345 },
      pyroscopeUrl: "http://127.0.0.1:4040",
      authenticates: false,
      pushPort: 4100,
      host: {
        address: alpha.host.address,
        key: expect.stringMatching(/^ssh-ed25519 SHA256:/) as unknown,
        machine: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      },
      storage: { version: "1.21.1-1", retention: 4 * 86_400, budget: 5 * 2 ** 30 },
    });
    await arrive(beta);
    await flow("soar-run", "alpha");
  });

  test("what programs push has the environment of the port that they push to", async () => {
    for (const port of [4100, 4101]) {
      const unit = `systemd-run --quiet --collect --unit=soar-push-${port} --property=RuntimeMaxSec=60`;
      const program = `/usr/local/bin/soar-push pushed-${port} http://127.0.0.1:${port} 20`;
      await alpha.operator(`${unit} ${program}`);
    }
    await flow("pushed-4100", "alpha");
    await flow("pushed-4101", "beta");
  });

  test("either is changed alone, and the other's files, services and profiles stay as they are", async () => {
    const before = await picture(alphaFiles);
    beta.configure({ services: named("soar-run-staging", "soar-web-staging") });
    expect((await beta.up()).changes["update"]).toBeGreaterThan(0);
    expect(await picture(alphaFiles)).toBe(before);

    const ofBeta = await picture(betaFiles);
    alpha.configure({ services: named("soar-run") });
    expect((await alpha.up()).changes["update"]).toBeGreaterThan(0);
    expect(await picture(betaFiles)).toBe(ofBeta);
    await flow("soar-run-staging", "beta");
  });

  test("both are changed at once", async () => {
    const pids = await alpha.operator(`systemctl show -p MainPID ${units.join(" ")}`);
    alpha.configure({ services: named("soar-run", "soar-ingest-ogn") });
    beta.configure({ services: named("soar-run-staging") });
    const ups = await Promise.all([alpha.up(), beta.up()]);
    for (const { changes } of ups) expect(changes["update"]).toBeGreaterThan(0);
    const targets = await alpha.operator(
      'grep -ho \'service_name" = "[^"]*\' /etc/alloy/conf.d/*-profiles.alloy | sort -u',
    );
    expect(targets.match(/soar-[a-z-]+/g)).toEqual(["soar-ingest-ogn", "soar-run", "soar-run-staging"]);
    expect(await alpha.operator(`systemctl show -p MainPID ${units.join(" ")}`)).toBe(pids);
  });

  test("one waits for the other's change of the host and says for whom; in the end it gives up, and names it", async () => {
    // A change of alpha's that takes its time, through the lock that all of them take.
    await alpha.operator(
      `printf '#!/bin/sh\\n. "$(dirname "$0")/lib.sh"\\nlock a long change\\nsleep "$1"\\n' >${scripts}/alpha/holder && chmod 755 ${scripts}/alpha/holder`,
    );
    const hold = (seconds: number): Promise<string> =>
      alpha.operator(`systemd-run --quiet --collect --unit=holder ${scripts}/alpha/holder ${seconds}`);
    const holder = /environment alpha: a long change \(pid \d+, since [\d:]{8}\)/;
    const isHeld = "! flock -n /run/soar-profiling/lock true";

    await hold(60);
    await eventually(alpha, isHeld);
    const before = await picture([...alphaFiles, ...betaFiles]);
    const { code, stdout, stderr } = await sshHost(
      host,
      `SOAR_LOCK_WAIT=2 ${scripts}/beta/service-config remove profiles`,
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^waiting for ${holder.source}\n$`));
    expect(stderr).toMatch(
      new RegExp(`^soar-profiling: gave up after 2 s: this host is being changed by ${holder.source}\n$`),
    );
    expect(await picture([...alphaFiles, ...betaFiles])).toBe(before);
    await alpha.operator("systemctl stop holder");

    await hold(170);
    await eventually(alpha, isHeld);
    beta.configure({ services: named("soar-run-staging", "soar-web-staging") });
    const change = beta.up();
    try {
      const isTold = expect.poll(() => beta.engineLog(), { timeout: 120_000, interval: 500 });
      await isTold.toMatch(new RegExp(`waiting for ${holder.source}`));
    } finally {
      await alpha.operator("systemctl stop holder");
    }
    expect((await change).changes["update"]).toBeGreaterThan(0);
    await alpha.operator(`rm ${scripts}/alpha/holder`);
  });

  test("an environment of another stack is refused, and so is a file of another environment", async () => {
    const before = await picture([...alphaFiles, ...betaFiles]);
    gamma.configure({ services: named("soar-web-staging") });
    expect(await gamma.upFails()).toContain(
      "environment beta on this host belongs to the stack organization/soar-profiling/beta: set another environment",
    );
    await gamma.destroy();
    // "beta" with the fragment "x-profiles" has the same file as "beta-x" with its profiles.
    gamma.configure({ environment: "beta-x" });
    beta.configure({ alloy: { fragments: { "x-profiles": "// mine\n" } } });
    await beta.up();
    const refused = await gamma.upFails();
    expect(refused).toContain("/etc/alloy/conf.d/beta-x-profiles.alloy belongs to environment beta already");
    expect(await alpha.operator("cat /etc/alloy/conf.d/beta-x-profiles.alloy")).toBe("// mine\n");
    await gamma.destroy();
    expect(await alpha.operator("cat /etc/alloy/conf.d/beta-x-profiles.alloy")).toBe("// mine\n");
    beta.configure({ alloy: undefined });
    await beta.up();
    expect(await picture(alphaFiles)).toContain(before.slice(0, before.indexOf("\n")));
  });

  test("a second platform on the host is refused before anything is installed", async () => {
    const own = await TestStack.on(host, { environment: "delta", services: [] }, "delta");
    const before = await picture([...alphaFiles, ...betaFiles]);
    expect(await own.upFails()).toContain(
      "the platform of this host (package source, Pyroscope, Alloy) belongs to environment alpha; nothing was changed. " +
        'Set platform to {stack: "organization/soar-profiling/alpha"}',
    );
    await own.destroy();
    expect(await picture([...alphaFiles, ...betaFiles])).toBe(before);
    expect(await alpha.operator("ls /var/lib/soar-profiling")).toBe("alpha\nbeta\nconfigured\n");
  });

  test("the platform is not destroyed while another uses it, and nothing of it is removed", async () => {
    const before = await picture([...alphaFiles, ...betaFiles]);
    const said = await alpha.destroyFails();
    expect(said).toContain(
      "the platform of this host is still in use; nothing was removed. Destroy these first:",
    );
    expect(said).toContain("- environment beta, stack organization/soar-profiling/beta");
    expect(await picture([...alphaFiles, ...betaFiles])).toBe(before);
    await alpha.up();
    expect(await picture([...alphaFiles, ...betaFiles])).toBe(before);
  });

  test("either is destroyed alone: the other stays as it is, and the last leaves nothing but the profiles", async () => {
    const before = await picture(alphaFiles);
    await beta.destroy();
    expect(await picture(alphaFiles)).toBe(before);
    expect(
      await alpha.operator(`ls /var/lib/soar-profiling ${scripts} | sort | uniq -c | tr -s ' '`),
    ).not.toContain("beta");
    await flow("soar-run", "alpha");
    // A destroy of alpha's that has just begun.
    await alpha.operator(`${scripts}/alpha/platform guard`);
    expect(await beta.upFails()).toContain(
      "soar-profiling: profiles: the platform of this host is being destroyed, by environment alpha; nothing was changed.",
    );
    await beta.destroy();
    await alpha.destroy();
    expect(await alpha.status(`ls -d /var/lib/soar-profiling ${scripts} /etc/alloy/conf.d`)).toBe(2);
    expect(await alpha.operator("ls /var/lib/pyroscope")).not.toBe("");
  });
});
