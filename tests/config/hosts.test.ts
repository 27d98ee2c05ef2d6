import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instances, mainHost, sender, settingsByHost } from "../../config/placed";
import { accepted as acceptedWith, hostKey, issues as issuesWith, warnings as warningsWith } from "./sample";

const run = { name: "soar-run", port: 9091 };
const web = { name: "soar-web", port: 9092 };
const host = (address: string, more: object = {}): object => ({ address, hostKey, ...more });
const stores = host("a.example", { stores: true, services: ["soar-web"] });
const sends = host("b.example", { services: ["soar-run"] });
const two = {
  host: undefined,
  hosts: { web: stores, ogn: sends },
  services: [run, web],
  site: { domain: "pyroscope.example" },
};
const accepted = (values: object = {}) => acceptedWith({ ...two, ...values });
const issues = (values: object = {}): string[] => issuesWith({ ...two, ...values });

describe("host and hosts", () => {
  test("one host is a list with one that has no name, all services, and Pyroscope", () => {
    const settings = acceptedWith({ services: [run] });
    expect(settings.hosts).toMatchObject([{ reached: settings.host, stores: true }]);
    expect(settings.hosts[0]?.name).toBeUndefined();
    expect(settingsByHost(settings)).toEqual([settings]);
  });

  test.each([{}, undefined, null])("an empty host beside hosts is none (%j)", (empty) => {
    expect(accepted({ host: empty }).hosts).toHaveLength(2);
    expect(acceptedWith({ hosts: empty }).hosts).toHaveLength(1);
  });

  test("the main one stores, or is the first", () => {
    expect(accepted().host.address).toBe("a.example");
    expect(accepted({ hosts: { ogn: sends, web: stores } }).host.address).toBe("a.example");
    const remote = { pyroscope: { remote: { url: "https://x.example" } }, site: {} };
    const { hosts } = accepted({
      ...remote,
      hosts: { ogn: sends, web: host("c.example", { services: ["soar-web"] }) },
    });
    expect(mainHost(hosts)?.name).toBe("ogn");
  });
});

describe("the settings of one of several hosts", () => {
  test("have its services with its label, and for who stores nothing the site to send to", () => {
    const metrics = { port: 9191 };
    const settings = accepted({
      services: [run, { ...web, metrics, labels: { team: "web" } }],
      prometheus: { url: "http://127.0.0.1:9090" },
      hosts: { web: stores, ogn: { ...sends, prometheus: false } },
    });
    const [first, second] = settingsByHost(settings);
    expect(first).toMatchObject({
      hostName: "web",
      host: { address: "a.example" },
      pyroscope: { kind: "local" },
      site: { domain: "pyroscope.example" },
      prometheus: { url: "http://127.0.0.1:9090" },
      services: [
        { name: "soar-web", labels: { team: "web", host: "web" }, metrics: { labels: { host: "web" } } },
      ],
    });
    expect(second).toMatchObject({
      hostName: "ogn",
      host: { address: "b.example" },
      pyroscope: { kind: "remote", url: "https://pyroscope.example", user: sender },
      services: [{ name: "soar-run", labels: { host: "ogn" } }],
    });
    expect(second?.site).toBeUndefined();
    expect(second?.prometheus).toBeUndefined();
  });

  test("are all that was declared, and nothing else, wherever the services run", () => {
    const names = ["a", "b", "c", "d"];
    const places = fc.record(Object.fromEntries(["x", "y", "z"].map((name) => [name, fc.subarray(names)])));
    fc.assert(
      fc.property(places, (all) => {
        const used = names.filter((name) => Object.values(all).some((own) => own.includes(name)));
        const hosts = Object.fromEntries(
          Object.entries(all).map(([name, services]) => [
            name,
            host(`${name}.example`, { services, stores: name === "y" }),
          ]),
        );
        const services = used.map((name, i) => ({ name, port: 9091 + i }));
        const settings = accepted({ hosts, services });
        const found = settingsByHost(settings).map((own) => [
          own.hostName,
          own.services.map(({ name, labels }) => `${name} ${labels["host"] ?? ""}`).sort(),
        ]);
        expect(Object.fromEntries(found)).toEqual(
          Object.fromEntries(
            Object.entries(all).map(([name, own]) => [name, own.map((one) => `${one} ${name}`).sort()]),
          ),
        );
        expect(instances(settings)).toHaveLength(Object.values(all).flat().length);
        expect(settingsByHost(settings).filter(({ pyroscope }) => pyroscope.kind === "local")).toHaveLength(
          1,
        );
      }),
    );
  });
});

describe("what is refused", () => {
  const remote = { remote: { url: "https://x.example" } };
  test.each<[string, object, string]>([
    [
      "host and hosts",
      { host: host("c.example") },
      "host: is for one host, and hosts for several: leave out one of the two",
    ],
    [
      "none that stores",
      { hosts: { web: host("a.example", { services: ["soar-web", "soar-run"] }) } },
      "hosts: must have one with Pyroscope: set stores: true for the one that is to have it, or set pyroscope.remote",
    ],
    [
      "two that store",
      { hosts: { web: stores, ogn: { ...sends, stores: true } } },
      "hosts.ogn.stores: is also set for web, and one host has Pyroscope: leave it out for one of them",
    ],
    [
      "one that stores, and a remote Pyroscope",
      { pyroscope: remote, site: {} },
      "hosts.web.stores: is for a Pyroscope on that host: leave it out, or pyroscope.remote",
    ],
    [
      "no way to the one that stores",
      { site: {} },
      "site.domain: is required: through it profiles go to the host that stores them, from ogn. Set site.domain to a name that " +
        "leads there, and site.tls to internal where no public authority can sign for it",
    ],
    [
      "two at one address",
      { hosts: { web: stores, ogn: { ...sends, address: "A.example" } } },
      "hosts.ogn.address: is, with port 22, also that of web: give each host its own address, or put its services together",
    ],
    [
      "a service that is none",
      { hosts: { web: stores, ogn: { ...sends, services: ["soar-run", "soar-rnu"] } } },
      'hosts.ogn.services[1]: "soar-rnu" is none of the services: they are soar-run, soar-web',
    ],
    [
      "a service twice on one host",
      { hosts: { web: stores, ogn: { ...sends, services: ["soar-run", "soar-run"] } } },
      'hosts.ogn.services[1]: "soar-run" is named twice: leave one out',
    ],
    [
      "a service on no host",
      { hosts: { web: stores, ogn: host("b.example") } },
      'services[0].name: "soar-run" runs on no host: name it in hosts.web.services or those of another host, or leave it out',
    ],
    [
      "a label that is ours",
      { services: [{ ...run, labels: { host: "x" } }, web] },
      "services[0].labels.host: is the name of the host, set by soar-profiling itself with hosts: choose another name",
    ],
    [
      "the platform of another stack",
      { platform: { stack: "a/b/c" }, site: {} },
      "platform.stack: is the platform of one host, that of a/b/c, and hosts has several: leave out one of the two",
    ],
    [
      "alerts over a Prometheus that is not there",
      {
        hosts: { web: { ...stores, prometheus: false }, ogn: sends },
        prometheus: { url: "http://127.0.0.1:9090" },
        grafana: { url: "https://g.example", alerts: { emails: ["a@b.example"] } },
      },
      "hosts.web.prometheus: is false, and grafana.alerts are over this host's Prometheus: leave out one of the two",
    ],
    [
      "a name that is none",
      { hosts: { web: stores, "Ogn.1": sends } },
      'hosts["Ogn.1"]: must be named with a-z, 0-9 and -, a letter first, at most 31 characters, and not "grafana"',
    ],
    [
      "a host without its key",
      { hosts: { web: stores, ogn: { address: "b.example", port: 2222, services: ["soar-run"] } } },
      "hosts.ogn.hostKey: is required: get the key with `ssh-keyscan -t ed25519 -p 2222 b.example`, compare it with " +
        "/etc/ssh/ssh_host_ed25519_key.pub on the host's own console, and pin it: pulumi config set --path hosts.ogn.hostKey " +
        '"ssh-ed25519 AAAA..."',
    ],
    [
      "a port that is taken where the service runs",
      { services: [{ ...run, port: 12345 }, web] },
      "services[0].port: on ogn, soar-run on 127.0.0.1:12345 collides with Alloy HTTP on 127.0.0.1:12345 (alloy.httpPort): set " +
        "another port for one of them",
    ],
    [
      "the port of a host's own SSH server",
      { hosts: { web: stores, ogn: { ...sends, port: 9091 } } },
      "services[0].port: on ogn, soar-run on 127.0.0.1:9091 collides with the SSH server on 0.0.0.0:9091 (hosts.ogn.port): set " +
        "another port for one of them",
    ],
  ])("%s", (_, values, message) => {
    expect(issuesWith({ ...two, ...values }, "grafana" in values ? ["grafanaAuth"] : [])).toEqual([message]);
  });

  test("no port of Pyroscope's where Pyroscope is not, and no service's of another host", () => {
    expect(issues({ services: [{ ...run, port: 4040 }, web] })).toEqual([]);
    expect(issues({ services: [{ ...run, port: 9092 }, web] })).toEqual([]);
    expect(issues({ services: [run, { ...web, port: 4040 }] })).toHaveLength(1);
  });

  test("several wrong hosts, all at once, each by its name", () => {
    const told = issues({
      hosts: { web: { ...stores, port: 0 }, ogn: { ...sends, adress: "x" }, aprs: { services: "soar-run" } },
    });
    expect(told.map((issue) => issue.split(": ")[0])).toEqual([
      "hosts.web.port",
      "hosts.ogn.adress",
      "hosts.aprs.address",
      "hosts.aprs.services",
      "hosts.aprs.hostKey",
    ]);
  });

  test("what all instances need of the disk together, and no less", () => {
    const busy = { ...run, interval: "15s", profiles: ["cpu", "heap"] };
    const hosts = (count: number): object =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `h${i}`,
          host(`h${i}.example`, { services: ["soar-run"], stores: i === 0 }),
        ]),
      );
    const pyroscope = { diskBudget: "20GiB" };
    expect(issues({ services: [busy], hosts: hosts(2), pyroscope })).toEqual([]);
    expect(issues({ services: [busy], hosts: hosts(20), pyroscope })).toEqual([
      expect.stringMatching(/^pyroscope\.diskBudget: 20GiB does not hold 30d of profiles, about \d+GiB/),
    ]);
  });
});

test("what each host would look for on itself is told", () => {
  const logs = { url: "http://127.0.0.1:3100" };
  const told = warningsWith({ ...two, logs, services: [{ ...run, unit: "a.service" }, web] });
  expect(told).toEqual([
    "logs.url: is each host's own loopback, and there are 2 hosts: where one server is meant, set an address that all of them reach",
  ]);
});
