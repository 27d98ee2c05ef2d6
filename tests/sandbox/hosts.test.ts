import { afterAll, describe, expect, test } from "vitest";
import type { HostsReport } from "../../operations/verify/hosts";
import { asRoot, startHost, stopHost, type SandboxHost } from "../../sandbox/host/host";
import { pyroscopeOn } from "../../sandbox/query";
import { programOf } from "./harness/earlier";
import { stopSshd } from "./harness/faults";
import { type Relay, relay } from "../../sandbox/host/relay";
import { TestStack } from "./harness/stack";

const domain = "pyroscope.hosts.test";
/** When there was only `host`. */
const commit = "7cc75e5d8c03eab8a74bb8ca0b9d65189803a559";
const everything =
  "/etc/alloy /etc/pyroscope /etc/soar /var/lib/soar-profiling /usr/local/lib/soar-profiling";

describe("an environment on several hosts", { timeout: 400_000 }, async () => {
  const earlier = await programOf(commit);
  const stack = await TestStack.create("hosts", { config: { site: { domain, tls: "internal" } } });
  /** What else is part of it: a host, its way to the one that stores, and what is asked there as root. */
  const start = async (name: string): Promise<Other> => {
    const host = await startHost(`hosts-${name}`, { quiet: true });
    afterAll(() => stopHost(host.name), 60_000);
    const way = await relay(host, stack.host, domain);
    afterAll(() => way.cut());
    return { host, way, ask: (command) => asRoot(host, command) };
  };
  const ogn = await start("ogn");
  const aprs = await start("aprs");
  const adsb = await start("adsb");
  const others = [ogn, aprs, adsb];

  const services = (stack.setting("services") as { name: string }[])
    .filter(({ name }) => ["soar-run", "soar-web"].includes(name))
    .map((service) => ({ ...service, profiles: ["cpu"] }));
  const only = (name: string): object[] => services.filter((service) => service.name === name);
  const entry = ({ address, hostKey }: SandboxHost, ...own: string[]): object => {
    return { address, user: "deploy", hostKey, services: own };
  };
  const web = { ...entry(stack.host, "soar-web"), stores: true };
  const three = { web, ogn: entry(ogn.host, "soar-run"), aprs: entry(aprs.host, "soar-run") };
  const continueOnError = true;

  /** When the profiles of the service on a host were taken that Pyroscope has of the last minutes, in milliseconds. */
  const taken = async (service: string, host: string): Promise<number[]> => {
    const answer = (await pyroscopeOn(stack.host)("/querier.v1.QuerierService/SelectSeries", {
      profileTypeID: "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
      labelSelector: `{service_name="${service}",environment="sandbox",host="${host}"}`,
      groupBy: [],
      step: 1,
      start: Date.now() - 300_000,
      end: Date.now(),
    })) as { series?: { points: { timestamp: string }[] }[] };
    const points = answer.series?.flatMap((one) => one.points) ?? [];
    return points.map(({ timestamp }) => Number(timestamp));
  };
  const flow = async (service: string, ...hosts: string[]): Promise<void> => {
    const since = Date.now();
    for (const host of hosts)
      await expect
        .poll(async () => Math.max(0, ...(await taken(service, host))), {
          timeout: 90_000,
          interval: 2_000,
          message: `${service} of ${host}`,
        })
        .toBeGreaterThan(since);
  };
  const picture = async (of: Pick<Other, "ask">): Promise<string> =>
    of.ask(
      "find /etc/alloy /etc/pyroscope -type f -printf '%p %T@ %i\\n' 2>/dev/null | sort; systemctl show -p MainPID alloy pyroscope; " +
        "journalctl --sync; journalctl -q -u ssh --no-pager | grep -c 'Accepted publickey for deploy ' || :",
    );
  const main = { ask: (command: string) => stack.operator(command) };

  test("takes on what an earlier version has made of its one host: nothing is made anew or removed", async () => {
    if (earlier === undefined) {
      await stack.up();
      return;
    }
    // Today's project file declares it for both programs, and the earlier one does not know it.
    stack.configure({ services: only("soar-web"), hosts: "" });
    stack.program = earlier;
    await stack.up();
    stack.program = undefined;
    const pids = await stack.operator("systemctl show -p MainPID alloy pyroscope");
    stack.configure({ host: undefined, hosts: { web } });
    // Updated are the label of the profiles, the words for a host that cannot be reached at its end, and the scripts.
    const { changes } = await stack.up();
    expect(Object.keys(changes).sort()).toEqual(["same", "update"]);
    expect(changes["update"]).toBeLessThan(4);
    expect(await stack.operator("systemctl show -p MainPID alloy pyroscope")).toBe(pids);
    await flow("soar-web", "web");
  });

  test("of three hosts one fails: the others have all, and it is named; the next up makes good only that one", async () => {
    stack.configure({ services, hosts: three });
    await aprs.ask(
      `systemd-run --quiet --collect --unit=squatter perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 12345, Listen => 1) or die; sleep 600'`,
    );
    const said = await stack.upFails({ continueOnError });
    expect(named(said)).toEqual(["soar-aprs-host-setup"]);
    await flow("soar-run", "ogn");
    const { platforms } = await stack.outputs();
    expect(Object.keys(platforms?.value as object).sort()).toEqual(["ogn", "web"]);
    expect(await aprs.ask("ls -d /etc/alloy 2>/dev/null || :")).toBe("");
    await aprs.ask("systemctl stop squatter");
    const before = [await picture(main), await picture(ogn)];
    const { changes } = await stack.up({ continueOnError });
    expect(changes["update"]).toBeUndefined();
    expect(changes["delete"]).toBeUndefined();
    expect([await picture(main), await picture(ogn)]).toEqual(before);
    await flow("soar-run", "aprs");
    expect(Object.keys((await stack.up()).changes)).toEqual(["same"]);
    expect([await picture(main), await picture(ogn)]).toEqual(before);
  });

  test("the others send by TLS, with an account that can do nothing else, and Pyroscope is on loopback", async () => {
    const wide = await stack.operator(
      `ss -Hltnp | grep -E '"(alloy|pyroscope)"' | awk '$4 !~ /^127\\.0\\.0\\.1:/' | wc -l`,
    );
    expect(wide.trim()).toBe("0");
    const authority = "/root/authority.pem";
    const known = await stack.operator(
      "cat /var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt",
    );
    await ogn.ask(`echo '${known}' >${authority}`);
    const status = async (path: string, ...options: string[]): Promise<string> =>
      ogn.ask(
        `curl -sS -o /dev/null -w '%{http_code}' --max-time 10 --cacert ${authority} ${options.join(" ")} https://${domain}${path} || :`,
      );
    const login = `-u "soar-profiling-sender:$(cat /etc/alloy/secrets/pyroscope-password)"`;
    const push = "/push.v1.PusherService/Push";
    expect(await status(push, "-d x")).toBe("401");
    expect(await status(push, login, "-d x")).toBe("415");
    expect(await status("/ready", login)).toBe("401");
    const query = `-H 'Content-Type: application/json' -d '{"name":"service_name","start":0,"end":1}'`;
    expect(await status("/querier.v1.QuerierService/LabelValues", login, query)).toBe("401");
    expect(await status("/settings.v1.SettingsService/Set", login, "-d x")).toBe("403");
    const { site } = await stack.outputs();
    const { user, password } = site?.value as { user: string; password: string };
    expect(await status("/ready", `-u ${user}:${password}`)).toBe("200");
    // Who reads does not send: `allowPush` is not set.
    expect(await status(push, `-u ${user}:${password}`, "-d x")).toBe("401");
    expect(await ogn.ask(`curl -sS --max-time 10 https://${domain}/ready 2>&1 || :`)).toContain(
      "certificate",
    );
  });

  test("verify looks at each host, and says so", async () => {
    const { report } = await stack.verifyHosts();
    // Who is quiet may have no samples in the last minute: what is of the host is that Alloy sends them.
    const sent = Object.entries(report.hosts).map(([name, one]) => [
      name,
      "error" in one ? one.error : one.chains.map(({ service, links }) => `${service} ${links.alloy.state}`),
    ]);
    expect(Object.fromEntries(sent)).toEqual({
      web: ["soar-web ok"],
      ogn: ["soar-run ok"],
      aprs: ["soar-run ok"],
    });
    const checks = Object.values(report.hosts).flatMap((one) => ("error" in one ? [] : one.checks));
    expect(checks.filter(({ state }) => state === "broken")).toEqual([]);
    const probes = checks.filter(({ name }) => name.startsWith("probe"));
    expect(probes.length, "the probe is one of the host that stores").toBeLessThan(4);
  });

  test("while the one that stores is away the others are changed all the same, and it is told who does not send", async () => {
    await Promise.all(others.map(({ way }) => way.cut()));
    const away = Date.now();
    await stopSshd(stack, 25);
    // The one that stores would be looked at again, so that nothing can be had from it.
    const pyroscope = { ...(stack.setting("pyroscope") as object), diskBudget: "4GiB" };
    stack.configure({
      pyroscope,
      services: services.map((service) => ({ ...service, labels: { team: "a" } })),
    });
    const said = await stack.upFails({ continueOnError });
    expect(named(said)).toEqual(["soar-web-host-setup"]);
    // What depends on that is left as it is. In Node nothing of it would be declared, and the engine would delete it.
    expect(said).not.toMatch(/ - .* deleting/);
    for (const one of [ogn, aprs])
      expect(await one.ask("cat /etc/alloy/conf.d/sandbox-profiles.alloy")).toContain(`"team" = "a"`);
    await expect.poll(() => stack.status("true"), { timeout: 60_000 }).toBe(0);
    const { code, report } = await stack.verifyHosts();
    expect(code).toBe(1);
    expect(faultsOf(report)).toContain("ogn: Alloy has not sent a profile of it yet");
    await Promise.all(others.map(({ way }) => way.open()));
    const back = Date.now();
    await flow("soar-run", "ogn", "aprs");
    // Alloy goes on trying with the one that it has, and takes no other meanwhile.
    const kept = (await taken("soar-run", "ogn")).filter((time) => time > away && time < back);
    expect(kept.length).toBeLessThan(3);
    await stack.up();
  });

  test("a fourth is added and removed, and no other is touched", async () => {
    const bare = await adsb.ask(`ls -d ${everything} 2>/dev/null || :`);
    const before = [await picture(main), await picture(ogn), await picture(aprs)];
    stack.configure({ hosts: { ...three, adsb: entry(adsb.host, "soar-run") } });
    const added = await stack.up();
    expect(added.changes).toEqual({
      same: expect.any(Number) as unknown,
      create: expect.any(Number) as unknown,
    });
    await flow("soar-run", "adsb");
    expect([await picture(main), await picture(ogn), await picture(aprs)]).toEqual(before);
    stack.configure({ hosts: three });
    const removed = await stack.up();
    expect(removed.changes).toEqual({ same: added.changes["same"], delete: added.changes["create"] });
    expect(await adsb.ask(`ls -d ${everything} 2>/dev/null || :`)).toBe(bare);
    expect([await picture(main), await picture(ogn), await picture(aprs)]).toEqual(before);
  });

  test("one that is gone for good is let go of as it is said, and the others stay", async () => {
    await stopHost(aprs.host.name);
    stack.configure({ hosts: { web: three.web, ogn: three.ogn } });
    const said = await stack.upFails();
    const [, urn = ""] = /pulumi state delete --target-dependents '(\S+)'/.exec(said) ?? [];
    expect(urn).toMatch(/::soar-aprs-host-setup$/);
    await stack.pulumi("state", "delete", "--target-dependents", "--yes", urn);
    const { changes } = await stack.up();
    expect(changes["create"] ?? changes["update"]).toBeUndefined();
    await flow("soar-run", "ogn");
  });

  test("the destroy takes all of it from all of them", async () => {
    await stack.destroy();
    expect(await stack.operator(`ls -d ${everything} 2>/dev/null || :`)).toBe("");
    expect(await ogn.ask(`ls -d ${everything} 2>/dev/null || :`)).toBe("");
  });
});

/** The resources that the engine names at the end, with why they failed. */
function named(said: string): string[] {
  const diagnostics = said.slice(said.indexOf("Diagnostics:"), said.indexOf("Resources:"));
  return [...diagnostics.matchAll(/^ {2}command:remote:Command \((\S+)\):$/gm)].map(([, name = ""]) => name);
}

/** What is broken, by host. */
function faultsOf({ hosts }: HostsReport): string[] {
  return Object.entries(hosts).flatMap(([name, one]) =>
    "error" in one
      ? [`${name}: ${one.error}`]
      : [...one.chains.flatMap(({ links }) => Object.values(links)), ...one.checks].flatMap(
          ({ state, detail }) => (state === "broken" ? [`${name}: ${detail}`] : []),
        ),
  );
}

interface Other {
  host: SandboxHost;
  way: Relay;
  ask: (command: string) => Promise<string>;
}
