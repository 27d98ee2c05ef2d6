import { describe, expect, test } from "vitest";
import { type AlloyState, parseComponents, parseTargets } from "../../operations/verify/alloy";
import { missingOf } from "../../operations/verify/first-profiles";
import type { Declared } from "../../operations/verify/declared";
import { serviceOf } from "./services";
import { recorded } from "./answers";

type Known = Extract<AlloyState, { components: unknown }>;

describe("the first profiles after an `up`", () => {
  const loaded = Date.parse("2026-11-29T10:00:00Z");
  const targets = parseTargets(recorded("alloy-1.10.0-component.json"));
  const components = parseComponents(recorded("alloy-1.10.0-components.json")).filter(({ id }) =>
    targets.some(({ component }) => component === id),
  );
  const declared: Declared[] = [{ service: serviceOf({}), kind: "cpu", setting: "services[0]" }];
  const missing = (changes: Partial<Known>, seconds = 5, of = declared): number =>
    missingOf(
      { components, targets, loaded, ...changes },
      { declared: of, environment: "sandbox" },
      loaded + seconds * 1000,
    ).length;
  const fresh = targets.map((target) => ({ ...target, health: "unknown", lastScrape: 0, lastError: "" }));

  test("are waited for as long as Alloy has not taken them, or not taken up their targets", () => {
    expect(missing({ targets: fresh })).toBe(1);
    expect(missing({ targets: [] })).toBe(1);
  });

  test("are there once one was sent, or could not be", () => {
    expect(missing({})).toBe(0);
    expect(missing({ targets: fresh.map((target) => ({ ...target, lastError: "refused" })) })).toBe(0);
  });

  test("are not waited for where Alloy has loaded longer ago, does not say when, or has no such target", () => {
    const { interval, duration } = serviceOf({});
    expect(missing({ targets: fresh }, 2 * interval + duration + 16)).toBe(0);
    const old: AlloyState = { components, targets: fresh };
    expect(missingOf(old, { declared, environment: "sandbox" }, loaded)).toEqual([]);
    expect(missing({}, 5, [{ service: serviceOf({ name: "soar-x" }), kind: "cpu", setting: "" }])).toBe(0);
  });
});
