import { expect, test } from "vitest";
import { hostKey, issues, least } from "./sample";

const service = { name: "soar-run", port: 9091 };
const services = (...list: object[]): object => ({ services: list });
const changed = (change: object): object => services({ ...service, ...change });

test.each<[string, object, string]>([
  [
    "a missing key",
    { environment: undefined },
    `environment: is required: set a short name such as "production"`,
  ],
  ["a wrong form", { environment: "Prod" }, `environment: must be a short name such as "production"`],
  ["an unknown key", { enviroment: "x" }, `enviroment: is no setting: did you mean "environment"?`],
  [
    "a key that is like none",
    { zzzzzzzzzz: "x" },
    "zzzzzzzzzz: is no setting: known here are environment, host,",
  ],
  [
    "an unknown key within",
    { host: { ...least.host, prot: 22 } },
    `host.prot: is no setting: did you mean "port"?`,
  ],
  ["no address", { host: { hostKey } }, "host.address: is required: set the host's name or IP address"],
  [
    "no host key",
    { host: { address: "a.example" } },
    "host.hostKey: is required: get the key with `ssh-keyscan -t ed25519 a.example`",
  ],
  [
    "how to pin",
    { host: { address: "a.example" } },
    `pulumi config set --path host.hostKey "ssh-ed25519 AAAA..."`,
  ],
  ["another port to scan", { host: { address: "a", port: 2222 } }, "`ssh-keyscan -t ed25519 -p 2222 a`"],
  [
    "no key of the jump host",
    { host: { ...least.host, jump: { address: "j", user: "u" } } },
    "host.jump.hostKey: is required:",
  ],
  [
    "a key cut off",
    { host: { address: "a", hostKey: hostKey.slice(0, 40) } },
    `host.hostKey: must be "TYPE BASE64"`,
  ],
  [
    "a number in quotes",
    { host: { ...least.host, port: "22" } },
    `host.port: must be a port number from 1 to 65535, not the text "22": write it without quotes`,
  ],
  [
    "a port out of range",
    { host: { ...least.host, port: 65_536 } },
    "host.port: must be a port number from 1 to 65535",
  ],
  [
    "a broken port",
    { host: { ...least.host, port: 22.5 } },
    "host.port: must be a port number from 1 to 65535",
  ],
  [
    "no such platform",
    { platform: "shared" },
    `platform: must be "own" or {stack: "organization/project/stack"}, not "shared"`,
  ],
  [
    "half a stack name",
    { platform: { stack: "prod" } },
    `platform.stack: must be a stack as "organization/project/stack"`,
  ],
  [
    "a setting of the platform's stack",
    { platform: { stack: "a/b/c" }, alloy: { httpPort: 1 } },
    "alloy.httpPort: is decided by the stack a/b/c",
  ],
  [
    "credentials in a URL",
    { repository: { url: "https://u:p@x" } },
    "repository.url: must be the repository's address: an http or https URL without user",
  ],
  [
    "half a fingerprint",
    { repository: { fingerprint: "963FA27710458545" } },
    "repository.fingerprint: must be the 40 hexadecimal digits",
  ],
  [
    "Pyroscope 0.x",
    { pyroscope: { version: "0.37.0" } },
    "pyroscope.version: Pyroscope 0.x is not supported: set a version of 1.x or 2.x",
  ],
  [
    "Pyroscope that loses profiles",
    { pyroscope: { version: "1.16.0-1" } },
    "pyroscope.version: Pyroscope 1.16 loses profiles without a word: those of all threads but one (grafana/pyroscope " +
      "#4365, #4699). Set 1.17 or later; a host that has an older one is upgraded, and its profiles stay",
  ],
  ["Pyroscope 3.x", { pyroscope: { version: "3.0.0" } }, "pyroscope.version: Pyroscope 3.x is not supported"],
  [
    "no exact version",
    { pyroscope: { version: "1.21" } },
    "pyroscope.version: must be the exact version of the Debian package",
  ],
  [
    "Alloy before validate",
    { alloy: { version: "1.8.3-1" } },
    "alloy.version: Alloy 1.8 is not supported: set a version of 1.x, 1.9 or later",
  ],
  ["Alloy 2.x", { alloy: { version: "2.0.0-1" } }, "alloy.version: Alloy 2.0 is not supported"],
  ["raft in 1.x", { pyroscope: { raftPort: 9099 } }, "pyroscope.raftPort: belongs to Pyroscope 2.x"],
  [
    "a retention below a block",
    { pyroscope: { retention: "15m" } },
    "pyroscope.retention: must be at least 1h",
  ],
  [
    "a decimal size",
    { pyroscope: { diskBudget: "20GB" } },
    `pyroscope.diskBudget: must be a size such as "20GiB"`,
  ],
  [
    "a memory that no program lives on",
    { pyroscope: { memory: "63MiB" } },
    "pyroscope.memory: must be at least 64MiB: with less it would be ended at once",
  ],
  [
    "a memory of Alloy that is no size",
    { alloy: { memory: 512 } },
    `alloy.memory: must be a size such as "20GiB"`,
  ],
  [
    "no core at all",
    { alloy: { cpu: 0 } },
    "alloy.cpu: must be a number of cores such as 0.5 or 2, from 0.05 on, not 0",
  ],
  [
    "cores in per cent",
    { pyroscope: { cpu: "50%" } },
    'pyroscope.cpu: must be a number of cores such as 0.5 or 2, from 0.05 on, not "50%"',
  ],
  [
    "cores as a text",
    { pyroscope: { cpu: "0.5" } },
    'pyroscope.cpu: must be a number of cores such as 0.5 or 2, from 0.05 on, not the text "0.5": write it without quotes',
  ],
  [
    "remote and local",
    { pyroscope: { remote: { url: "http://x" }, retention: "1d" } },
    "pyroscope.retention: belongs to a local Pyroscope",
  ],
  [
    "a user without a password",
    { pyroscope: { remote: { url: "http://x", user: "u" } } },
    "pyroscopePassword: is required with pyroscope.remote.user: pulumi config set --secret pyroscopePassword",
  ],
  [
    "a fragment under our own name",
    { alloy: { fragments: { profiles: "x" } } },
    "alloy.fragments.profiles: is the name of a file of our own",
  ],
  [
    "a fragment in another folder",
    { alloy: { fragments: { "../x": "y" } } },
    `alloy.fragments["../x"]: must be named with a-z`,
  ],
  [
    "two services on a port",
    services(service, { name: "b", port: 9091 }),
    "services[1].port: b on 127.0.0.1:9091 collides with soar-run on 127.0.0.1:9091 (services[0].port): set another port",
  ],
  [
    "a service on Pyroscope's port",
    changed({ port: 4041 }),
    "services[0].port: soar-run on 127.0.0.1:4041 collides with Pyroscope gRPC on 127.0.0.1:4041 (pyroscope.grpcPort)",
  ],
  [
    "a port of Pyroscope and Alloy",
    { alloy: { httpPort: 4040 } },
    "alloy.httpPort: Alloy HTTP on 127.0.0.1:4040 collides with Pyroscope HTTP",
  ],
  [
    "a raft port in 2.x",
    { pyroscope: { version: "2.0.6" }, otherListeners: [{ name: "x", port: 9099 }] },
    "otherListeners[0].port: x on 0.0.0.0:9099 collides with Pyroscope raft",
  ],
  [
    "the seed's soar-run on Prometheus' port",
    { ...changed({ port: 9090 }), otherListeners: [{ name: "prometheus", port: 9090 }] },
    "services[0].port: soar-run on 127.0.0.1:9090 collides with prometheus on 0.0.0.0:9090 (otherListeners[0].port)",
  ],
  [
    "a retention that the disk does not hold",
    { ...changed({}), pyroscope: { diskBudget: "1GiB" } },
    "pyroscope.diskBudget: 1GiB does not hold 30d of profiles, about 2GiB: set pyroscope.diskBudget to 2GiB if the disk has them, a shorter pyroscope.retention, or a longer interval",
  ],
  ["a yes that is no boolean", { purgeData: "yes" }, `purgeData: must be true or false, not "yes"`],
])("%s is told", (_, change, message) => {
  const told = issues(change as Record<string, unknown>);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(message);
});

test.each<[string, object]>([
  ["14s of a 15s interval", changed({ interval: "15s", duration: "14s" })],
  ["a heap service with any duration", changed({ profiles: ["heap"], interval: "5s", duration: "5s" })],
  [
    "no host key where that is asked for",
    { host: { address: "a", insecureSkipHostKey: true, jump: { address: "j", user: "u" } } },
  ],
  ["loopback addresses side by side", services(service, { name: "b", port: 9091, address: "127.0.0.2" })],
  ["the raft port while there is no raft", changed({ port: 9099 })],
  [
    "local ports when Pyroscope is remote",
    { ...changed({ port: 4040 }), pyroscope: { remote: { url: "http://x" } } },
  ],
  [
    "fragments on a shared platform",
    { platform: { stack: "a/b/c" }, alloy: { fragments: { extra: "x" } }, pyroscope: {} },
  ],
])("%s is accepted", (_, change) => {
  expect(issues(change as Record<string, unknown>)).toEqual([]);
});
