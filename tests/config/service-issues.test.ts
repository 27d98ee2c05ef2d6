import { describe, expect, test } from "vitest";
import { issues } from "./sample";

const service = { name: "soar-run", port: 9091 };
const services = (...list: object[]): object => ({ services: list });
const changed = (change: object): object => services({ ...service, ...change });

const long = "x".repeat(2_049);
const many = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`label${i}`, "x"]));

test.each<[string, object, string]>([
  [
    "a duplicate service",
    services(service, { name: "soar-run", port: 9092 }),
    `services[1].name: "soar-run" is also services[0]`,
  ],
  ["a name with a space", changed({ name: "soar run" }), "services[0].name: must be a name of letters"],
  [
    "an address for everyone",
    changed({ address: "0.0.0.0" }),
    "services[0].address: must be a loopback address",
  ],
  [
    "an unknown kind",
    changed({ profiles: ["cpu", "mutex"] }),
    `services[0].profiles[1]: must be "cpu" or "heap", not "mutex"`,
  ],
  [
    "nothing at all",
    changed({ profiles: [] }),
    "services[0].profiles: is empty, and so nothing of the service is taken: name cpu, heap or both, or set metrics or unit",
  ],
  [
    "profiles without a port",
    services({ name: "soar-run", metrics: { port: 9191 } }),
    "services[0].port: is required: set a port number from 1 to 65535",
  ],
  [
    "metrics without a port",
    services({ name: "soar-run", profiles: [], metrics: true }),
    "services[0].port: is required: set a port number from 1 to 65535",
  ],
  [
    "a schedule of its own",
    changed({ schedule: "daily" }),
    `services[0].schedule: must be "always" or "intermittent", not "daily"`,
  ],
  [
    "a scrape that takes longer than the interval",
    changed({ metrics: { interval: "5s", timeout: "1m" } }),
    "services[0].metrics.timeout: must not be longer than the interval: set it to 5s or less, or metrics.interval to 1m or more",
  ],
  [
    "a scrape that takes longer than the default interval",
    changed({ metrics: { timeout: "16s" } }),
    "services[0].metrics.timeout: must not be longer than the interval: set it to 15s or less, or metrics.interval to 16s or more",
  ],
  [
    "metrics too seldom",
    changed({ metrics: { interval: "121s" } }),
    "services[0].metrics.interval: must be at most 2m: a target that has not answered for 2m is told as down",
  ],
  [
    "a label of ours on metrics",
    changed({ metrics: { labels: { environment: "x" } } }),
    "services[0].metrics.labels.environment: is set by soar-profiling itself",
  ],
  [
    "a label of Prometheus's own on metrics",
    changed({ metrics: { labels: { le: "1" } } }),
    "services[0].metrics.labels.le: is Prometheus's name for a part of a histogram or summary",
  ],
  [
    "a label for relabelling on metrics",
    changed({ metrics: { labels: { __scheme__: "https" } } }),
    "services[0].metrics.labels.__scheme__: must not begin with __",
  ],
  ["a kind twice", changed({ profiles: ["cpu", "cpu"] }), "services[0].profiles: must name each kind once"],
  [
    "a duration as long as the interval",
    changed({ interval: "15s", duration: "15s" }),
    "services[0].duration: must be at least 1s shorter than the interval: set it to 14s or less, or the interval to 16s or more",
  ],
  ["a duration of 1s", changed({ duration: "1s" }), "services[0].duration: must be more than 1s"],
  [
    "the duration that Alloy ignores",
    changed({ duration: "14s" }),
    "services[0].duration: must not be exactly 14s, which Alloy takes for unset: set 13s or 15s",
  ],
  [
    "a label of Prometheus",
    changed({ labels: { __address__: "x" } }),
    "services[0].labels.__address__: must not begin with __",
  ],
  [
    "a label of our own",
    changed({ labels: { job: "x" } }),
    "services[0].labels.job: is set by soar-profiling itself",
  ],
  [
    "a label with a dash",
    changed({ labels: { "a-b": "x" } }),
    "services[0].labels.a-b: must be named with letters, digits and _",
  ],
  [
    "a label too long",
    changed({ labels: { a: long } }),
    "services[0].labels.a: must be at most 2048 bytes long",
  ],
  ["NUL in a label", changed({ labels: { a: "x\0" } }), "services[0].labels.a: must not contain a NUL"],
  [
    "half a character in a label",
    changed({ labels: { a: "\ud83d" } }),
    "services[0].labels.a: must be valid Unicode",
  ],
  [
    "an empty label",
    changed({ labels: { a: "" } }),
    "services[0].labels.a: must be a label's value, not empty",
  ],
  [
    "a number as a label",
    changed({ labels: { a: 5 } }),
    "services[0].labels.a: must be a label's value, not empty, as text",
  ],
  [
    "too many labels",
    changed({ labels: many }),
    "services[0].labels: has 26 labels: Pyroscope takes 30 of a series, and has room for 25 beside those of our own",
  ],
])("%s is told", (_, change, message) => {
  const told = issues(change as Record<string, unknown>);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(message);
});

test.each(["thread", "otel_scope_name", "otel_scope_version", "service_git_ref"])(
  "the label %s is ours",
  (name) => {
    expect(issues(changed({ labels: { [name]: "x" } }) as Record<string, unknown>)).toEqual([
      `services[0].labels.${name}: is set by soar-profiling itself: choose another name`,
    ]);
  },
);

describe("a service without profiles", () => {
  test.each<[string, object]>([
    ["has metrics", { port: 9091, metrics: true }],
    ["has metrics at a port of their own", { metrics: { port: 9091 } }],
    ["has a unit, and needs no port", { unit: "soar-sitemap.service" }],
    ["has as many labels as it likes, and any interval", { unit: "a.service", labels: many, interval: "1d" }],
  ])("%s", (_, change) => {
    const pyroscope = { retention: "1h" };
    expect(issues({ pyroscope, ...services({ name: "soar-web", profiles: [], ...change }) })).toEqual([]);
  });
});

describe("the labels that a series has room for", () => {
  const remote = { pyroscope: { remote: { url: "https://profiles.example" } } };
  const source = { repository: "https://github.com/hut8/soar", gitRef: "v1" };

  test.each<[string, number, object, object]>([
    ["of a CPU profile", 25, {}, {}],
    ["of a heap profile, which Alloy marks as no delta", 24, { profiles: ["cpu", "heap"] }, {}],
    ["with a link to the source", 23, source, {}],
    ["whatever the version of Alloy, whose own are dropped", 25, {}, { alloy: { version: "1.18.1-1" } }],
    ["in a remote Pyroscope, which may keep the thread", 24, {}, remote],
    [
      "in a remote Pyroscope, with an Alloy that adds its own",
      22,
      {},
      { ...remote, alloy: { version: "1.18.1-1" } },
    ],
    [
      "on the platform of another stack, of which no version is known",
      22,
      {},
      { platform: { stack: "o/p/prod" } },
    ],
  ])("%s are %d", (_, room, change, more) => {
    const labels = (length: number): object => ({
      labels: Object.fromEntries(Array.from({ length }, (_, i) => [`label${i}`, "x"])),
    });
    expect(issues({ ...more, ...changed({ ...change, ...labels(room) }) })).toEqual([]);
    expect(issues({ ...more, ...changed({ ...change, ...labels(room + 1) }) })).toEqual([
      `services[0].labels: has ${room + 1} labels: Pyroscope takes 30 of a series, and has room for ${room} beside those of our own`,
    ]);
  });
});
