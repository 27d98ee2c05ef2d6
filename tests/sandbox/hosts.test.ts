import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sshHost, startHost, stopHost, type SandboxHost } from "../../sandbox/host/host";
import { pyroscopeOn } from "../../sandbox/query";
import { programOf } from "./harness/earlier";
import { type Relay, relay } from "./harness/relay";
import { TestStack } from "./harness/stack";

const domain = "pyroscope.hosts.test";
/** Before there could be several hosts. */
const commit = "c529744f0c4b3c7f2d7c5a8c6b5a3c0c2c3b6a3e";
const names = ["ogn", "aprs", "adsb"] as const;

describe("several hosts", { timeout: 400_000 }, async () => {
  const stack = await TestStack.create("hosts", { config: { site: { domain, tls: "internal" } } });
  const start = async (name: string): Promise<SandboxHost> => {
    const host = await startHost(`hosts-${name}`, { quiet: true });
    afterAll(() => stopHost(host.name), 60_000);
    return host;
  };
  const [ogn, aprs, adsb] = await Promise.all(names.map(start)) as [SandboxHost, SandboxHost, SandboxHost];
  const relays: Relay[] = [];
  for (const from of [ogn, aprs, adsb]) relays.push(await relay(from, stack.host, domain));
  afterAll(() => Promise.all(relays.map((one) => one.cut())));

  const services = (stack.setting("services") as { name: string }[])
    .filter(({ name }) => ["soar-run", "soar-web"].includes(name))
    .map(({ name, ...service }) => ({ ...service, name, profiles: ["cpu"] }));
  const entry = ({ address, hostKey }: SandboxHost, ...own: string[]): object => ({
    address,
    user: "deploy",
    hostKey,
    services: own,
  });
  const web = { ...entry(stack.host, "soar-web"), stores: true };
  const three = { web, ogn: entry(ogn, "soar-run"), aprs: entry(aprs, "soar-run") };

  const on = async (host: SandboxHost, command: string): Promise<string> => {
    const { code, stdout, stderr } = await sshHost(host, command, { shared: true });
    if (code !== 0) throw new Error(`"${command}" on ${host.name}: exit status ${code}\n${stdout}${stderr}`);
    return stdout;
  };

  test("x", async () => {
    stack.configure({ services: services.filter(({ name }) => name === "soar-web") });
    await stack.up();
    stack.configure({ services, host: undefined, hosts: three });
    const said = await stack.up();
    console.log(said.text, said.changes);
    console.log(JSON.stringify(await stack.outputs(), undefined, 1));
    console.log(await on(ogn, "cat /etc/alloy/conf.d/*.alloy; ls -l /etc/alloy/secrets; curl -s localhost:12345/metrics | grep pyroscope_write"));
    await new Promise((r) => setTimeout(r, 15000));
    console.log(JSON.stringify(await pyroscopeOn(stack.host)("/querier.v1.QuerierService/Series", { matchers: [], labelNames: ["service_name", "host"], start: Date.now() - 300000, end: Date.now() })));
    console.log(await on(ogn, "journalctl -u alloy -n 20 --no-pager"));
  });
});
