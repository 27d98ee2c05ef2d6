import { describe, expect, test } from "vitest";
import { judgeScraped } from "../../operations/verify/scraped";
import { answer } from "./answers";

const wanted = [
  { name: "alloy", url: "http://127.0.0.1:12345/metrics" },
  { name: "soar-run", url: "http://127.0.0.1:9091/" },
  { name: "soar-web", url: "http://127.0.0.1:9092/" },
];
const own = [
  ["prod-alloy", "http://127.0.0.1:12345/metrics"],
  ["prod-soar-run", "http://127.0.0.1:9091/metrics"],
];
const judge = (...targets: string[][]): ReturnType<typeof judgeScraped> => {
  const activeTargets = targets.map(([scrapePool, scrapeUrl]) => ({ scrapePool, scrapeUrl }));
  const said = answer(JSON.stringify({ status: "success", data: { activeTargets } }));
  return judgeScraped(wanted, said, (job) => job.startsWith("prod-"));
};

describe("what Prometheus scrapes", () => {
  test("is as it should be where no other job scrapes it, whatever else there is", () => {
    const theirs = ["node", "http://localhost:9100/metrics"];
    const elsewhere = ["alloy", "http://127.0.0.1:12345/other"];
    expect(judge(...own, theirs, elsewhere)).toEqual([
      { name: "prometheus", state: "ok", detail: "no other job scrapes what the stack does" },
    ]);
  });

  test("is broken where an old deploy has brought its jobs back, each of which is named with what it doubles", () => {
    const checks = judge(
      ...own,
      ["alloy", "http://localhost:12345/metrics"],
      ["soar", "http://localhost:9091/metrics"],
      ["soar", "http://127.0.0.1:9092/data/metrics"],
    );
    expect(checks).toEqual([
      {
        name: "prometheus",
        state: "broken",
        detail: 'the job "alloy" scrapes what the stack does (alloy), so that every sum doubles',
        remedy: "take that job away, and out of what has brought it; or add alloy to prometheus.skip",
      },
      {
        name: "prometheus",
        state: "broken",
        detail:
          'the job "soar" scrapes what the stack does (soar-run and soar-web), so that every sum doubles',
        remedy:
          "take that job away, and out of what has brought it; or add soar-run and soar-web to prometheus.skip",
      },
    ]);
  });

  test.each([
    [answer("", { status: 401 }), "status 401"],
    [answer("<html>"), "status 200"],
    [answer("", { status: 0, error: "(7) Failed to connect" }), "(7) Failed to connect"],
  ])("is not known where it does not say: %#", (said, how) => {
    expect(judgeScraped(wanted, said, () => false)).toMatchObject([
      { state: "unknown", detail: `it does not say what it scrapes: ${how}` },
    ]);
  });
});
