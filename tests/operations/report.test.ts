import { expect, test } from "vitest";
import { away, broken, type Chain, isWhole, ok, unknown } from "../../operations/verify/chain";
import { check } from "../../operations/verify/checks";
import { formatReport } from "../../operations/verify/report";

const chain = (service: string, changes: Partial<Chain["links"]> = {}): Chain => ({
  service,
  environment: "production",
  kind: "cpu",
  amount: 1200,
  lastSeen: 20,
  hottest: "soar::parse",
  functions: [],
  links: {
    listens: ok("127.0.0.1:9091"),
    profile: ok("400 samples, 9 threads"),
    alloy: ok("sent 20 s ago"),
    pyroscope: ok("25 s old"),
    functions: ok("7 of 7"),
    ...changes,
  },
});

test("what is whole is told in a table", () => {
  const checks = [check("declared", ok("what runs is what was declared"))];
  const text = formatReport({
    ok: true,
    environment: "production",
    host: "soar",
    chains: [chain("soar-run")],
    checks,
    seconds: 7,
  });
  expect(`\n${text}\n`).toBe(`
SERVICE   KIND  LISTENS         PROFILE                 ALLOY          PYROSCOPE  FUNCTIONS  LAST 5 MINUTES  HOTTEST FUNCTION
soar-run  cpu   127.0.0.1:9091  400 samples, 9 threads  sent 20 s ago  25 s old   7 of 7     1200 samples    soar::parse

ok  declared  what runs is what was declared

production on soar: all of it arrives, and is whole (7.0 s)
`);
});

test("what is away by right is no problem, and told", () => {
  const stopped = away("soar-pull-data.service is stopped (inactive)");
  const pull = chain("soar-pull-data", {
    listens: stopped,
    profile: stopped,
    alloy: away("asked 20 s ago, and will again"),
    pyroscope: away("the last came 5 h ago"),
    functions: away("nothing to compare"),
  });
  expect(isWhole(pull)).toBe(true);
  const checks = [
    check("service soar-web", ok("no profiles are declared; http://127.0.0.1:9092/metrics answers")),
    check(
      "service soar-sitemap",
      away("no profiles are declared; soar-sitemap.service is stopped (inactive)"),
    ),
  ];
  const report = { ok: true, environment: "production", host: "soar", checks, seconds: 7 };
  const text = formatReport({ ...report, chains: [chain("soar-run"), pull] });
  expect(text).toMatch(/^soar-pull-data +cpu +away +away +away +away +away +/m);
  expect(text.split("\n\n").slice(1)).toEqual([
    "ok    service soar-web      no profiles are declared; http://127.0.0.1:9092/metrics answers\n" +
      "away  service soar-sitemap  no profiles are declared; soar-sitemap.service is stopped (inactive)",
    "production on soar: all of it arrives, and is whole, but for what is intermittent and away: " +
      "soar-pull-data and soar-sitemap (7.0 s)",
  ]);
  expect(formatReport({ ...report, chains: [] })).toMatch(/^ok {4}service soar-web/);
});

test("where nothing came, it is told when the last one did", () => {
  const seen = (lastSeen: number | undefined): string =>
    formatReport({
      ok: true,
      environment: "production",
      host: "soar",
      chains: [{ ...chain("soar-run"), amount: 0, lastSeen, hottest: undefined }],
      checks: [],
      seconds: 7,
    });
  expect(seen(undefined)).toMatch(/ {2}nothing yet +-$/m);
  expect(seen(7_200)).toMatch(/ {2}nothing, last seen 2 h ago +-$/m);
});

test("of each way the first broken link is told with what to do, once for all that have the same", () => {
  const stopped = broken("Alloy: alloy.service is stopped (failed)", "systemctl start alloy");
  const later = broken("Pyroscope has nothing of it", "see what Alloy says");
  const chains = [
    chain("soar-run", { alloy: stopped, pyroscope: later }),
    chain("soar-web", { alloy: stopped, pyroscope: later }),
    chain("soar-ingest", { functions: unknown("nothing to compare") }),
  ];
  const checks = [check("disk", broken("profiles take 30 GiB.", "raise pyroscope.diskBudget"))];
  const text = formatReport({
    ok: false,
    environment: "production",
    host: "soar",
    chains,
    checks,
    seconds: 7,
  });
  expect(text.split("\n\n").slice(2).join("\n\n"))
    .toBe(`- soar-run cpu, soar-web cpu: Alloy: alloy.service is stopped (failed).
  What to do: systemctl start alloy.
- soar-ingest cpu: nothing to compare.
  What to do: ask again in a minute.
- disk: profiles take 30 GiB.
  What to do: raise pyroscope.diskBudget.

production on soar: 3 broken (7.0 s)`);
  expect(text).toMatch(/^soar-run .* BROKEN +BROKEN /m);
});
