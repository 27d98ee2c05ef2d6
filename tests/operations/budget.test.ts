import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LocalPyroscope } from "../../config/settings";
import { parseDuration, parseSize } from "../../config/units";
import { forecast, judgeDisk } from "../../operations/verify/budget";
import { facts } from "./answers";
import { target } from "./target";

const GiB = 2 ** 30;
const hours = (count: number): number => count * 3_600;

describe("the disk of the profiles", () => {
  const judged = (disk: number, grown: number, seconds: number): string =>
    judgeDisk(target(), facts({ disk, stored: { all: disk, grown, seconds } }))
      .map(({ state, detail }) => `${state}: ${detail}`)
      .join();

  test("takes no more than it may", () => {
    expect(judged(20 * GiB, 0, 0)).toMatch(/^ok: profiles take 20\.0 GiB, of 20\.0 GiB that they may; /);
    expect(judged(21 * GiB, 0, 0)).toMatch(/^broken: profiles take 21\.0 GiB, of 20\.0 GiB that they may; /);
  });

  test("is not forecast from the blocks of a few hours, and after that as it grew in the last day at most", () => {
    expect(judged(GiB, GiB, hours(5))).not.toContain("grow");
    expect(judged(GiB, GiB / 4, hours(12))).toMatch(
      /^ok: .*; they grow by 512\.0 MiB a day, which is 15\.4 GiB in the end$/,
    );
    expect(judged(9 * GiB, GiB / 2, hours(24))).toMatch(
      /^ok: .*; they grow by 512\.0 MiB a day, which is 15\.4 GiB in the end$/,
    );
  });

  test("that will not hold the retention is told with the days that are left, and with what would fit", () => {
    const found = judgeDisk(
      target(),
      facts({ disk: 5 * GiB, stored: { all: 4 * GiB, grown: 2 * GiB, seconds: hours(24) } }),
    );
    expect(found).toMatchObject([
      {
        state: "broken",
        detail: expect.stringMatching(
          /; they grow by 2\.0 GiB a day, which is 62\.8 GiB in the end: the budget is used up in 8 d$/,
        ) as string,
        remedy: "set pyroscope.retention to 7d, which would fit, or raise pyroscope.diskBudget",
      },
    ]);
  });

  test("that is more than it may takes a shorter retention, a day, or more room", () => {
    const remedy = (disk: number, all: number, grown: number): string[] =>
      judgeDisk(target(), facts({ disk, stored: { all, grown, seconds: hours(24) } })).map(
        ({ detail, remedy = "" }) => `${/, which is .*$/.exec(detail)?.[0] ?? ""}; ${remedy}`,
      );
    expect(remedy(21 * GiB, 20 * GiB, 2 * GiB)).toEqual([
      ", which is 62.8 GiB in the end: the budget is used up already; " +
        "set pyroscope.retention to 7d, which would fit, or raise pyroscope.diskBudget",
    ]);
    expect(remedy(21 * GiB, 20 * GiB, GiB / 4)).toEqual([
      ", which is 8.7 GiB in the end; raise pyroscope.diskBudget, or wait for a day: " +
        "what is older than pyroscope.retention is deleted within that",
    ]);
    expect(remedy(19 * GiB, 19 * GiB, 20 * GiB)).toEqual([
      ", which is 617.5 GiB in the end: the budget is used up in 72 min; raise pyroscope.diskBudget: " +
        "no pyroscope.retention would fit",
    ]);
  });

  test("in front of a bucket is not forecast", () => {
    const plain = target();
    const pyroscope = plain.settings.pyroscope as LocalPyroscope;
    const s3 = {
      endpoint: "https://s3.example",
      bucket: "b",
      region: "r",
      prefix: undefined,
      accessKeyId: "k",
    };
    const inBucket = {
      ...plain,
      settings: { ...plain.settings, pyroscope: { ...pyroscope, storage: { s3 } } },
    };
    const found = (disk: number): string[] =>
      judgeDisk(inBucket, facts({ disk, stored: { all: disk, grown: disk, seconds: hours(24) } })).map(
        ({ state, detail, remedy = "" }) => `${state}: ${detail.replace(/;.*/, "")} (${remedy})`,
      );
    expect(found(9 * GiB)).toEqual(["ok: profiles take 9.0 GiB, of 20.0 GiB that they may ()"]);
    expect(found(21 * GiB)).toEqual([
      "broken: profiles take 21.0 GiB, of 20.0 GiB that they may (raise pyroscope.diskBudget)",
    ]);
  });

  test("whatever it grows by, the retention that is named would fit", () => {
    const bytes = parseSize("20GiB");
    const budget = { bytes, retention: parseDuration("30d") };
    const amount = fc.integer({ min: 0, max: 18 * GiB });
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: 6 * 3_600, max: 86_400 }), (all, grown, seconds) => {
        fc.pre(grown <= all);
        const stored = { disk: all + GiB, all, grown, seconds };
        const { remedy = "" } = forecast("", stored, budget);
        const [, named] = /to (\w+), /.exec(remedy) ?? [];
        fc.pre(named !== undefined);
        expect(forecast("", stored, { bytes, retention: parseDuration(named) }).state).toBe("ok");
      }),
    );
  });
});
