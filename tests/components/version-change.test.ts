import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";
import { minimal, stackOf } from "./stack";

const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
afterEach(() => warn.mockClear());

/** What is told, and at which resource, by a stack whose last `up` left these versions. */
async function told(versions: object, change: object = {}): Promise<unknown[][]> {
  const resources = await stackOf(
    { ...minimal, ...change },
    {},
    {
      "org/soar-profiling/test": { versions },
    },
  );
  expect(resources).not.toEqual([]);
  return warn.mock.calls.map(([words, resource]) => [
    words,
    (resource as pulumi.Resource & { __name: string }).__name,
  ]);
}

describe("a change of version", () => {
  it("is told at the package, as far as it concerns the stack", async () => {
    expect(
      await told({ alloy: "1.10.0-1", pyroscope: "1.12.0" }, { alloy: { version: "1.12.0-1" } }),
    ).toEqual([
      [
        expect.stringContaining("Pyroscope 1.12.0 -> 1.21.1: from 1.17 on "),
        "soar-platform-pyroscope-package",
      ],
      [
        "Alloy 1.10.0-1 -> 1.12.0-1: from 1.11 on pyroscope.scrape refuses a profile whose Content-Type is not " +
          "application/octet-stream. Look at what these send: soar-run.",
        "soar-platform-alloy-package",
      ],
    ]);
  });

  it("is nothing where there was none, or no version before", async () => {
    expect(await told({ alloy: "1.10.0-1", pyroscope: "1.21.1" })).toEqual([]);
    expect(await told({})).toEqual([]);
  });
});
