import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import { afterEach, describe, expect, test } from "vitest";
import { loadSettings } from "../../config/load";
import { accepted, issues, least } from "./sample";

const services = [
  { name: "a", port: 9091 },
  { name: "b", port: 9092, gitRef: "own" },
];

afterEach(() => {
  setAllConfig({});
});

/** The references of the two services, the second of which has one of its own. */
function references(inConfig: string | undefined, ofCommand: string): (string | undefined)[] {
  const values = { ...least, services, ...(inConfig === undefined ? {} : { gitRef: inConfig }) };
  const texts = Object.entries(values).map(([key, value]) => [
    `soar-profiling:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  setAllConfig(Object.fromEntries(texts) as Record<string, string>);
  const machine = { directory: "/nowhere", agentSocket: "/agent", gitRef: ofCommand };
  const { settings } = loadSettings(new pulumi.Config("soar-profiling"), machine);
  return settings.services.map(({ gitRef }) => gitRef);
}

describe("the git reference", () => {
  test.each([
    ["is none where none is set", undefined, "", undefined],
    ["is that of the stack", "v1", "", "v1"],
    ["is none where the stack's is empty, as Pulumi.yaml has it", "", "", undefined],
    ["is that of the command", undefined, "0123456", "0123456"],
    ["is that of the command rather than the stack's", "v1", "v2", "v2"],
  ])("%s, and a service's own wins", (_, inConfig, ofCommand, expected) => {
    expect(references(inConfig, ofCommand)).toEqual([expected, "own"]);
  });

  test("of the stack is told once where it is none, and counts as a label of each service", () => {
    expect(issues({ gitRef: "a\nb", services })).toEqual(['gitRef: must be a git reference, not "a\\nb"']);
    const labels = (length: number): object =>
      Object.fromEntries(Array.from({ length }, (_, i) => [`label${i}`, "x"]));
    const full = [{ name: "a", port: 9091, labels: labels(25) }];
    expect(issues({ services: full })).toEqual([]);
    expect(issues({ services: full, gitRef: "v1" })).toEqual([
      "services[0].labels: has 25 labels: Pyroscope takes 30 of a series, and has room for 24 beside those of our own",
    ]);
    expect(accepted({ services, gitRef: "v1" }).gitRef).toBe("v1");
  });
});
