import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";
import { refuseLoss } from "../../components/version-change";
import { accepted } from "../config/sample";
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
  it("is told at the service, as far as it concerns the stack", async () => {
    expect(
      await told({ alloy: "1.10.0-1", pyroscope: "1.12.0" }, { alloy: { version: "1.12.0-1" } }),
    ).toEqual([
      [
        expect.stringContaining("Pyroscope 1.12.0 -> 1.21.1: from 1.17 on "),
        "soar-platform-pyroscope-config",
      ],
      [
        "Alloy 1.10.0-1 -> 1.12.0-1: from 1.11 on pyroscope.scrape refuses a profile whose Content-Type is not " +
          "application/octet-stream. Look at what these send: soar-run.",
        "soar-platform-alloy-config",
      ],
    ]);
  });

  it("warns of a shorter retention, which deletes profiles, and of no longer one", async () => {
    const last = { pyroscope: "1.21.1" };
    const outputs = (retention: string): object => ({
      "org/soar-profiling/test": { versions: last, retention },
    });
    const change = { ...minimal, pyroscope: { retention: "12h" } };
    for (const longer of ["30d", "12h", "1h", "thirty days"]) await stackOf(change, {}, outputs(longer));
    expect(warn.mock.calls.map(([words]) => words)).toEqual([
      "pyroscope.retention 30d -> 12h: an up has Pyroscope delete, for good, all profiles that are older than 12h. Leave it at " +
        "30d to keep them.",
    ]);
  });

  it("is nothing where there was none, or no version before", async () => {
    expect(await told({ alloy: "1.10.0-1", pyroscope: "1.21.1" })).toEqual([]);
    expect(await told({})).toEqual([]);
  });
});

describe("another name of the environment", () => {
  const outputs = (last: object): object => ({ "org/soar-profiling/test": last });
  const refused = async (last: object, change: object = {}): Promise<unknown> => {
    await stackOf({ ...minimal, ...change }, {}, { ...outputs(last) });
    const settings = accepted({ ...minimal, ...change });
    return refuseLoss("org/soar-profiling/test", settings).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
  };
  const words =
    "soar-profiling: this stack is environment before on this host, not test; nothing was changed. Set environment to before " +
    "again; or pulumi destroy first, and then pulumi up with the new name";

  it("is refused, as the files on the host have the old one", async () => {
    expect(await refused({ services: [{ environment: "before" }] })).toBe(words);
    expect(await refused({ services: [], platform: { environment: "before" } })).toBe(words);
  });

  it("is none in a new stack, or where the platform is another one's", async () => {
    expect(await refused({})).toBeUndefined();
    expect(await refused({ services: [{ environment: "test" }] })).toBeUndefined();
  });
});
