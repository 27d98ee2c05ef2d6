import { expect, test } from "vitest";
import { issues } from "./sample";

const service = { name: "soar-run", port: 9091 };
const services = (...list: object[]): object => ({ services: list });
const changed = (change: object): object => services({ ...service, ...change });

const long = "x".repeat(2_049);
const many = Object.fromEntries(Array.from({ length: 22 }, (_, i) => [`label${i}`, "x"]));

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
  ["no kind", changed({ profiles: [] }), "services[0].profiles: must name at least one of cpu and heap"],
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
    "services[0].labels: has 22 labels: Pyroscope has room for 21",
  ],
])("%s is told", (_, change, message) => {
  const told = issues(change as Record<string, unknown>);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(message);
});
