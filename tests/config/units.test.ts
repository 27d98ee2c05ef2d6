import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addDurations,
  type Duration,
  formatDuration,
  formatSize,
  goDuration,
  parseDuration,
  parseSize,
  type Size,
  UnitError,
} from "../../config/units";

describe("durations", () => {
  test.each([
    ["15s", 15],
    ["90m", 5_400],
    ["1h30m", 5_400],
    ["30d", 2_592_000],
    ["1d1h1m1s", 90_061],
    ["100000d", 8_640_000_000],
  ])("%s is %i seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(
    [
      [
        "",
        "1.5 minutes",
        "15",
        "15S",
        "0s",
        "-5s",
        "1.5h",
        "5 s",
        " 5s",
        "5s\n",
        "30m1h",
        "1h1h",
        "05s",
        "500ms",
        "1w",
      ],
      ["100001d", "99999999999999999999s", "1e3s", "٣s"],
    ].flat(),
  )("%j is refused", (text) => {
    expect(() => parseDuration(text)).toThrow(UnitError);
  });

  test("survive their own text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8_640_000_000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds as Duration))).toBe(seconds);
      }),
    );
  });

  test.each([
    ["30d", "720h"],
    ["60s", "60s"],
    ["1h30m", "5400s"],
  ])("%s is %s for Go", (text, go) => {
    expect(goDuration(parseDuration(text))).toBe(go);
  });

  test("add up", () => {
    expect(goDuration(addDurations(parseDuration("30d"), parseDuration("1h")))).toBe("721h");
  });
});

describe("sizes", () => {
  test.each([
    ["20GiB", 21_474_836_480],
    ["512MiB", 536_870_912],
    ["1B", 1],
    ["8191TiB", 8_191 * 2 ** 40],
  ])("%s is %i bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(["", "20", "20GB", "20G", "20gib", "1.5GiB", "0GiB", "-1GiB", "20 GiB", "8192TiB", "1GiB1MiB"])(
    "%j is refused",
    (text) => {
      expect(() => parseSize(text)).toThrow(UnitError);
    },
  );

  test("survive their own text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        expect(parseSize(formatSize(bytes as Size))).toBe(bytes);
      }),
    );
  });
});
