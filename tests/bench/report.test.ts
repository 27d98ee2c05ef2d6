import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { chartOf } from "../../bench/chart";
import { median } from "../../bench/measure";
import { pageWith, tableOf } from "../../bench/report";
import { newestResult, type Result, type Row, shareOf } from "../../bench/result";

const docs = path.join(__dirname, "../../docs");
const result = newestResult();

function row(ours: number[], theirs: number[], logins = 0): Row {
  const measured = (all: number[]): Row["ours"] => all.map((seconds) => ({ seconds, logins }));
  return { what: "nothing to do", hosts: 1, services: 6, ours: measured(ours), theirs: measured(theirs) };
}

describe("docs/speed.md", () => {
  test("says what the newest result in bench/results/ says", () => {
    const text = readFileSync(path.join(docs, "speed.md"), "utf8");
    expect(pageWith(result, text)).toBe(text);
  });

  test("has the chart of that result", () => {
    expect(chartOf(result)).toBe(readFileSync(path.join(docs, "pictures/speed.svg"), "utf8"));
  });

  test("would not say the same of another result", () => {
    const text = readFileSync(path.join(docs, "speed.md"), "utf8");
    const [first, ...others] = result.rows;
    const slower = {
      ...first,
      ours: first?.ours.map((one) => ({ ...one, seconds: one.seconds + 1 })),
    } as Row;
    const other: Result = { ...result, rows: [slower, ...others] };
    expect(pageWith(other, text)).not.toBe(text);
    expect(chartOf(other)).not.toBe(chartOf(result));
  });

  test("is not written where the page has no place for it", () => {
    expect(() => pageWith(result, "# Speed\n")).toThrow("speed.md does not say where the result is written");
  });
});

describe("a row", () => {
  test("has the medians of its rounds, and ours as a part of theirs", () => {
    const one = row([2.1, 9, 2], [8, 10, 80], 3);
    expect(shareOf(one)).toBeCloseTo(0.21);
    const [, , line] = tableOf({ ...result, rows: [one] }).split("\n");
    expect(line?.split("|").map((cell) => cell.trim())).toEqual([
      "",
      "nothing to do",
      "1",
      "6",
      "2.1 s",
      "3",
      "10.0 s",
      "3",
      "21 %",
      "",
    ]);
  });

  test("of two rounds has what lies between them", () => {
    expect(median([4, 1])).toBe(2.5);
    expect(median([7])).toBe(7);
  });
});
