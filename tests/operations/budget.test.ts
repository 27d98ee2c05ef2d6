import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration, parseSize } from "../../config/units";
import { forecast, judgeDisk } from "../../operations/verify/budget";
import { facts } from "./answers";
import { target } from "./target";

const GiB = 2 ** 30;
const now = Date.UTC(2026, 10, 25);
const hours = (count: number): number => now - count * 3_600_000;

describe("the disk of the profiles", () => {
  const judged = (disk: number, grown: number, oldest: number | undefined): string =>
    judgeDisk(target(), facts({ disk, stored: { all: disk, grown } }), { version: undefined, oldest }, now)
      .map(({ state, detail }) => `${state}: ${detail}`)
      .join();

  test("takes no more than it may", () => {
    expect(judged(20 * GiB, 0, undefined)).toMatch(
      /^ok: profiles take 20\.0 GiB, of 20\.0 GiB that they may; /,
    );
    expect(judged(21 * GiB, 0, undefined)).toMatch(
      /^broken: profiles take 21\.0 GiB, of 20\.0 GiB that they may; /,
    );
  });

  test("is not forecast from the blocks of a few hours, and after that as it grew in the last day at most", () => {
    expect(judged(GiB, GiB, hours(5))).not.toContain("grow");
    expect(judged(GiB, GiB / 4, hours(12))).toMatch(
      /^ok: .*; they grow by 512\.0 MiB a day, which is 15\.0 GiB in the end$/,
    );
    expect(judged(9 * GiB, GiB / 2, hours(240))).toMatch(
      /^ok: .*; they grow by 512\.0 MiB a day, which is 15\.0 GiB in the end$/,
    );
  });

  test("that will not hold the retention is told with the days that are left, and with what would fit", () => {
    const found = judgeDisk(
      target(),
      facts({ disk: 5 * GiB, stored: { all: 4 * GiB, grown: 2 * GiB } }),
      { version: undefined, oldest: hours(48) },
      now,
    );
    expect(found).toMatchObject([
      {
        state: "broken",
        detail: expect.stringMatching(
          /; they grow by 2\.0 GiB a day, which is 61\.0 GiB in the end: the budget is used up in 8 d$/,
        ) as string,
        remedy: "set pyroscope.retention to 9d, which would fit, or raise pyroscope.diskBudget",
      },
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
        const { state, remedy = "" } = forecast("", stored, budget);
        if (state === "ok") return;
        const retention = parseDuration(/to (\w+), /.exec(remedy)?.[1] ?? "");
        // An hour is the shortest that there is.
        if (retention > 3_600) expect(forecast("", stored, { bytes, retention }).state).toBe("ok");
      }),
    );
  });
});
