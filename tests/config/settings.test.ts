import { expect, test } from "vitest";
import { formatDuration, formatSize } from "../../config/units";
import { accepted, hostKey, issues } from "./sample";

const service = { name: "soar-run", port: 9091 };

test("the least configuration has every default", () => {
  const settings = accepted({ services: [service] });
  expect(settings).toMatchObject({
    host: { port: 22, user: "root", insecureSkipHostKey: false },
    platform: { kind: "own" },
    repository: {
      url: "https://apt.grafana.com",
      keyUrl: "https://apt.grafana.com/gpg-full.key",
      fingerprint: "B53AE77BADB630A683046005963FA27710458545",
      suite: "stable",
      component: "main",
    },
    pyroscope: { kind: "local", version: "1.21.1", httpPort: 4040, grpcPort: 4041, raftPort: 9099 },
    alloy: { version: "1.10.0-1", httpPort: 12345, stability: "generally-available", fragments: {} },
    services: [
      { ...service, address: "127.0.0.1", profiles: ["cpu"], interval: 60, duration: 5, labels: {} },
    ],
    otherListeners: [],
    purgeData: false,
    allowDowngrade: false,
  });
  if (settings.pyroscope.kind !== "local") throw new Error("expected a local Pyroscope");
  expect(formatDuration(settings.pyroscope.retention)).toBe("30d");
  expect(formatSize(settings.pyroscope.diskBudget)).toBe("20GiB");
});

test("what is given in another form is brought into one", () => {
  const { host, repository, platform, pyroscope } = accepted({
    host: { address: "10.0.0.1", hostKey: `${hostKey} root@soar\n` },
    repository: {
      url: "http://10.0.0.2:8080/",
      fingerprint: "b53a e77b adb6 30a6 8304 6005 963f a277 1045 8545",
    },
    platform: "own",
    pyroscope: { remote: { url: "https://profiles.example/", tenant: "soar" } },
  });
  expect(host.hostKey).toBe(hostKey);
  expect(repository).toMatchObject({
    url: "http://10.0.0.2:8080",
    keyUrl: "http://10.0.0.2:8080/gpg-full.key",
    fingerprint: "B53AE77BADB630A683046005963FA27710458545",
  });
  expect(platform).toEqual({ kind: "own" });
  expect(pyroscope).toEqual({ kind: "remote", url: "https://profiles.example", tenant: "soar" });
  expect(accepted({ platform: { stack: "soar/profiling/prod" } }).platform).toEqual({
    kind: "stack",
    stack: "soar/profiling/prod",
  });
});

test("any text is a label's value", () => {
  const labels = { motto: `"quotes" $HOME \\ new\nline 'ünïcödé' ✈ \u0007` };
  expect(accepted({ services: [{ ...service, labels }] }).services[0]?.labels).toEqual(labels);
});

test("a password goes with a remote user", () => {
  const remote = { url: "http://x", user: "u" };
  expect(issues({ pyroscope: { remote } }, ["pyroscopePassword"])).toEqual([]);
  expect(issues({}, ["pyroscopePassword"])).toEqual([
    "pyroscopePassword: is used with pyroscope.remote.user only: set that too, or remove the secret",
  ]);
});

test("all issues are told at once, also between settings that are partly wrong", () => {
  const told = issues({
    environment: "",
    host: { port: 0 },
    purgeData: 1,
    services: [
      { name: "a", port: "9091", duration: "60s" },
      service,
      { ...service, port: 4040, labels: { job: "x" } },
    ],
    otherListeners: [{ name: "prometheus", port: 9091 }],
  });
  const paths = told.map((line) => line.slice(0, line.indexOf(":")));
  expect(paths.sort()).toEqual([
    "environment",
    "host.address",
    "host.hostKey",
    "host.port",
    "purgeData",
    "services[0].duration",
    "services[0].port",
    "services[1].port",
    "services[2].labels.job",
    "services[2].name",
    "services[2].port",
  ]);
});

test("a thousand services are checked in well under 100 ms", () => {
  const list = Array.from({ length: 1_000 }, (_, i) => ({
    name: `soar-${i}`,
    port: 10_000 + i,
    labels: { team: "a" },
  }));
  const values = { services: list, pyroscope: { diskBudget: "500GiB" } };
  // The best of a few: the others tell how busy the machine is.
  const times = Array.from({ length: 10 }, () => {
    const start = performance.now();
    accepted(values);
    return performance.now() - start;
  });
  expect(Math.min(...times)).toBeLessThan(100);
});
