import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { kinds } from "../../sandbox/plugins/random/kinds";
import { makePassword } from "../../sandbox/plugins/random/password";

// The hash takes 50 ms by design; the contract test on the engine checks a real one.
vi.mock("bcryptjs", () => ({ hashSync: () => "hash" }));

describe("makePassword", () => {
  const least = fc.nat({ max: 5 });
  const all = { lower: true, upper: true, numeric: true, special: true };

  it("has the length and at least the asked number of each class", () => {
    fc.assert(
      fc.property(least, least, least, least, fc.nat({ max: 9 }), (lower, upper, numeric, special, more) => {
        const length = lower + upper + numeric + special + more + 1;
        const minima = { minLower: lower, minUpper: upper, minNumeric: numeric, minSpecial: special };
        const { result } = makePassword({ length, ...all, ...minima });
        const count = (pattern: RegExp): number => result.match(pattern)?.length ?? 0;
        expect(result).toHaveLength(length);
        expect(count(/[a-z]/g)).toBeGreaterThanOrEqual(lower);
        expect(count(/[A-Z]/g)).toBeGreaterThanOrEqual(upper);
        expect(count(/[0-9]/g)).toBeGreaterThanOrEqual(numeric);
        expect(count(/[^A-Za-z0-9]/g)).toBeGreaterThanOrEqual(special);
      }),
    );
  });

  it("uses only what is allowed, and says what cannot be", () => {
    const none = { lower: false, upper: false, numeric: false, special: false };
    const minima = { minLower: 0, minUpper: 0, minNumeric: 0, minSpecial: 0 };
    const only = { ...none, ...minima, length: 30 };
    expect(makePassword({ ...only, special: true, overrideSpecial: "-_" }).result).toMatch(/^[-_]{30}$/);
    expect(() => makePassword(only)).toThrow("no class of characters is allowed");
    expect(() => makePassword({ ...only, lower: true, minLower: 31 })).toThrow("at least 31 is needed");
  });
});

describe("the state of a random resource", () => {
  it("holds the defaults, with number as another name of numeric", () => {
    const password = kinds["random:index/randomPassword:RandomPassword"];
    expect(password?.complete({ length: 8, number: false })).toMatchObject({
      numeric: false,
      number: false,
      upper: true,
    });
  });
});
