import { describe, expect, test } from "vitest";
import { judgeDeclared, judgeRetention, judgeVersions } from "../../operations/verify/checks";
import { limitsOf } from "../../operations/verify/pyroscope-facts";
import { pyroscopeAddress } from "../../operations/verify/target";
import { facts } from "./answers";
import { target } from "./target";

describe("once a host", () => {
  test("what runs is what was declared, or each difference is named", () => {
    expect(judgeDeclared(facts(), "production").map(({ state }) => state)).toEqual(["ok"]);
    const differences = ["/etc/default/alloy was edited", "alloy is not in group systemd-journal"];
    expect(judgeDeclared(facts({ differences }), "production").map(({ detail }) => detail)).toEqual(
      differences,
    );
    expect(judgeDeclared(facts({ hasRecords: false }), "production")[0]?.detail).toBe(
      "the host has no records of the environment production",
    );
  });

  test("versions are those that are declared, of the package and of the process", () => {
    const versions = (alloy: string, pyroscope: string, runs: string): string[] =>
      judgeVersions(
        target(),
        facts({ packages: new Map([["alloy", alloy], ["pyroscope", pyroscope]]) }), // prettier-ignore
        {
          alloy: { components: [], targets: [], version: "1.10.0" },
          pyroscope: { version: runs, oldest: undefined },
        },
      ).map(({ state, detail }) => `${state}: ${detail}`);
    expect(versions("1.10.0-1", "1.21.1-1", "1.21.1")).toEqual([
      "ok: alloy 1.10.0-1",
      "ok: pyroscope 1.21.1-1",
    ]);
    expect(versions("1.9.2-1", "", "1.21.1")).toEqual([
      "broken: package alloy is at 1.9.2-1, and 1.10.0-1 is declared",
      "broken: package pyroscope is not installed, and 1.21.1-1 is declared",
    ]);
    expect(versions("1.10.0-1", "1.21.1-1", "1.20.0")[1]).toBe(
      "broken: pyroscope.service still runs 1.20.0, and the package is at 1.21.1-1",
    );
  });

  test("the oldest profile is no older than the retention, the eight hours of a block, and the half day that deletion takes", () => {
    const now = Date.UTC(2026, 10, 25);
    const retention = (days: number): string =>
      judgeRetention(target(), { version: undefined, oldest: now - days * 86_400_000 }, now)
        .map(({ state, detail }) => `${state}: ${detail}`)
        .join();
    expect(retention(30 + 20 / 24)).toBe("ok: oldest profile 31 d old, of 30d");
    expect(retention(32)).toBe(
      "broken: the oldest profile is 32 d old, and 30d are to be kept: nothing is deleted",
    );
  });
});

describe("a stack's configuration", () => {
  test("is read from Pulumi's texts, and a remote Pyroscope is asked with its user", () => {
    const remote = { remote: { url: "https://pyroscope.example", tenant: "soar", user: "alloy" } };
    const address = pyroscopeAddress(
      target({ pyroscope: JSON.stringify(remote), pyroscopePassword: "secret" }),
    );
    expect(address).toEqual({
      url: "https://pyroscope.example",
      tenant: "soar",
      user: { name: "alloy", password: "secret" },
    });
    expect(pyroscopeAddress(target())).toEqual({ url: "http://127.0.0.1:4040" });
  });

  test("that is wrong is told as the program tells it", () => {
    expect(() => target({ services: '[{"name":"a","port":"x"}]' })).toThrow(
      /^Invalid configuration:\n- services\[0\]\.port: /,
    );
  });
});

test("limits are those of the configuration that runs; 0 is none", () => {
  const text = "limits:\n  max_profile_size_bytes: 8388608\n  max_profile_stacktrace_samples: 0\n";
  expect(limitsOf(text)).toEqual({ bytes: 8_388_608, samples: Infinity, labels: 100 });
});
