import { describe, expect, test } from "vitest";
import type { ProfileKind } from "../../config/service";
import { profileLabels } from "../../render/alloy/profiles";
import { type AlloyState, parseComponents, parseTargets } from "../../operations/verify/alloy";
import type { Link } from "../../operations/verify/chain";
import { defaultLimits } from "../../operations/verify/contract";
import { judgeEndpoint } from "../../operations/verify/endpoint";
import { type HostFacts, parseFacts } from "../../operations/verify/host-facts";
import type { HttpAnswer } from "../../operations/verify/http";
import { judgeSent, wasAway } from "../../operations/verify/sent";
import type { StoredSeries } from "../../operations/verify/pyroscope";
import { amountOf, judgeStored, type StoredContext } from "../../operations/verify/stored";
import { answer, facts, recorded } from "./answers";
import { cpuTypes, encodeProfile } from "./profiles";
import { serviceOf } from "./services";

const service = serviceOf();
const profile = encodeProfile(cpuTypes, [
  { functions: ["parse", "main"], values: [60, 600], labels: { thread: "worker" } },
  { functions: ["read", "main"], values: [40, 400], labels: { thread: "reader" } },
]);

describe("the link to a service", () => {
  const judge = (of: HttpAnswer, known: Partial<HostFacts> = {}, changes: object = {}) =>
    judgeEndpoint(serviceOf(changes), "cpu", of, {
      setting: "services[0]",
      facts: facts(known),
      limits: defaultLimits,
      wantsContentType: true,
    });
  const refused = answer("", { status: 0, isRefused: true, error: "(7) Failed to connect" });
  const unit = (state: string, words: string[] = []): Partial<HostFacts> => ({
    units: new Map([
      ["soar-run.service", { state, result: state === "failed" ? "exit-code" : "success", words }],
    ]),
  });
  const listening = (...all: [string, string | undefined][]): Partial<HostFacts> => ({
    listeners: all.map(([address, of]) => ({ address, unit: of })),
  });

  test("holds where a profile comes that is as it should be", () => {
    const { listens, profile: link } = judge(
      answer(profile),
      listening(["127.0.0.1:9091", "soar-run.service"]),
    );
    expect(listens).toEqual({ state: "ok", detail: "127.0.0.1:9091" });
    expect(link).toEqual({ state: "ok", detail: "100 samples, 2 threads" });
  });

  test("tells a stopped service from a wrong port", () => {
    const told = (known: Partial<HostFacts>): string => judge(refused, known).listens.detail;
    expect(told(unit("failed", ["starting", "Error: no database", "bye"]))).toBe(
      "soar-run.service is stopped (failed, exit-code); its last line: Error: no database",
    );
    expect(told(unit("inactive"))).toBe("soar-run.service is stopped (inactive)");
    expect(told({ ...unit("active"), ...listening(["127.0.0.1:9092", "soar-run.service"]) })).toBe(
      "nothing listens at 127.0.0.1:9091: soar-run.service runs, and listens at 127.0.0.1:9092",
    );
    expect(told(unit("active"))).toBe("nothing listens at 127.0.0.1:9091, although soar-run.service runs");
    expect(told({})).toBe("nothing listens at 127.0.0.1:9091");
    expect(judge(refused, unit("inactive")).profile.state).toBe("unknown");
  });

  test("does not break for an intermittent service that is away, and says so", () => {
    const intermittent = { schedule: "intermittent" };
    const away = (known: Partial<HostFacts>): object => judge(refused, known, intermittent);
    for (const [known, detail] of [
      [unit("inactive"), "soar-run.service is stopped (inactive)"],
      [
        unit("failed", ["Error: no data"]),
        "soar-run.service is stopped (failed, exit-code); its last line: Error: no data",
      ],
      // A oneshot that has begun.
      [unit("activating"), "nothing listens at 127.0.0.1:9091"],
      [unit("active"), "nothing listens at 127.0.0.1:9091"],
      [{}, "nothing listens at 127.0.0.1:9091"],
    ] as const) {
      const link = { state: "away", detail };
      expect(away(known)).toEqual({ listens: link, profile: link, decoded: undefined });
    }
    const elsewhere = { ...unit("active"), ...listening(["127.0.0.1:9092", "soar-run.service"]) };
    expect(away(elsewhere)).toMatchObject({ listens: { state: "broken" } });
    const reset = answer("", { status: 0, error: "(56) Recv failure: Connection reset by peer" });
    expect(judge(reset, {}, intermittent).profile.state).toBe("unknown");
    expect(judge(answer("", { status: 404 }), {}, intermittent).profile.state).toBe("broken");
  });

  test("names whose port it is instead", () => {
    const { listens } = judge(answer(profile), listening(["127.0.0.1:9091", "nats.service"]));
    expect(listens.detail).toBe("127.0.0.1:9091 is a port of nats.service, not of soar-run.service");
  });

  test.each<[string, HttpAnswer, string]>([
    ["busy", answer("busy", { status: 503 }), "was busy each time it was asked (503)"],
    ["missing", answer("", { status: 404 }), "/debug/pprof/profile is not there (404)"],
    ["failing", answer("no symbols\n", { status: 500 }), "answers with status 500: no symbols"],
    ["silent", answer("", { status: 0, isTooLate: true, took: 19.002 }), "says nothing within 19 s"],
    ["HTML", answer("<html></html>"), "answers an HTML page, which is no profile"],
    [
      "without a type",
      answer(profile, { contentType: "" }),
      "answers with no Content-Type, and Alloy from 1.11 on",
    ],
    [
      "of another type",
      answer(profile, { contentType: "text/plain" }),
      "answers with Content-Type text/plain, and",
    ],
    ["hasty", answer(profile, { took: 0.2 }), "measures 0.2 s where 4 s are asked for"],
  ])("breaks where the endpoint is %s", (_, of, words) => {
    const { profile: link } = judge(of);
    expect(link.state).toBe("broken");
    expect(link.detail).toContain(words);
    expect(link.remedy).toMatch(/services\[0\]|soar-run|header/);
  });
});

describe("the link to Alloy", () => {
  const alloy: Extract<AlloyState, { components: unknown }> = {
    components: parseComponents(recorded("alloy-1.10.0-components.json")),
    targets: parseTargets(recorded("alloy-1.10.0-component.json")),
  };
  const target = alloy.targets.find(({ labels }) => labels["service_name"] === "soar-run");
  const judge = (
    of: AlloyState,
    changes: object = {},
    away = false,
    known: Partial<HostFacts> = {},
    isServiceAway = false,
  ): Link => {
    const declared = serviceOf(changes);
    return judgeSent(declared, "cpu", {
      alloy: of,
      facts: facts(known),
      environment: "sandbox",
      isPyroscopeAway: away,
      isServiceAway,
      labels: profileLabels("sandbox", declared),
      now: (target?.lastScrape ?? 0) + 7_000,
    });
  };
  const changed = (changes: object): AlloyState => ({
    ...alloy,
    targets: alloy.targets.map((of) => (of === target ? { ...of, ...changes } : of)),
  });

  test("holds by Alloy's own word", () => {
    expect(judge(alloy)).toEqual({ state: "ok", detail: "sent 7 s ago" });
  });

  test("breaks with Alloy's own reason", () => {
    const busy = "server returned HTTP status (503) another CPU profile is being taken";
    expect(judge(changed({ health: "down", lastError: busy })).state).toBe("ok");
    expect(judge(changed({ health: "down", lastError: "push failed: 429" })).detail).toBe(
      "Alloy could not take or send it: push failed: 429",
    );
    expect(judge(changed({ health: "unknown", lastScrape: 0 })).detail).toBe(
      "Alloy has not sent a profile of it yet",
    );
    const ill = alloy.components.map((of) => ({ ...of, health: "unhealthy", message: "no such secret" }));
    expect(judge({ ...alloy, components: ill }).detail).toBe(
      `Alloy says of ${target?.component ?? ""}: unhealthy, no such secret`,
    );
    expect(judge({ error: "refused" }).detail).toBe("Alloy does not answer: refused");
    const units = new Map([["alloy.service", { state: "inactive", result: "success", words: [] }]]);
    expect(judge({ error: "refused" }, {}, false, { units }).detail).toBe(
      "Alloy: alloy.service is stopped (inactive)",
    );
  });

  test("is not broken while the service is away by right, but for what is not declared", () => {
    const gone = (path: string): string =>
      `Get "http://127.0.0.1:9091${path}": dial tcp 127.0.0.1:9091: connect: connection refused`;
    const down = { health: "down", lastError: gone("/debug/pprof/profile?seconds=4") };
    expect(judge(changed(down)).state).toBe("broken");
    expect(judge(changed(down), {}, false, {}, true)).toEqual({
      state: "away",
      detail: "asked 7 s ago, and will again",
    });
    expect(judge(changed(down), { port: 9191 }, false, {}, true).state).toBe("broken");
    const lastly = (lastError: string): boolean => wasAway(target && { ...target, lastError });
    expect(lastly(down.lastError)).toBe(true);
    expect(lastly(gone("/push.v1.PusherService/Push"))).toBe(false);
    expect(lastly("")).toBe(false);
    expect(wasAway(undefined)).toBe(false);
  });

  test("is not to blame while Pyroscope is away", () => {
    expect(judge(changed({ health: "down", lastError: "push failed" }), {}, true).state).toBe("unknown");
  });

  test("breaks where what Alloy has is not what is declared", () => {
    // Only one component's targets were recorded.
    const scraping = alloy.components.filter(({ id }) => alloy.targets.some((of) => of.component === id));
    expect(judge({ ...alloy, components: scraping }, { name: "soar-x", port: 9999 }).detail).toBe(
      "Alloy has no component that takes cpu profiles of soar-x",
    );
    const loading = { ...alloy, targets: [] };
    expect(judge(loading)).toMatchObject({
      state: "unknown",
      detail: "Alloy has just loaded its configuration, and has not taken up all targets yet",
    });
    expect(judge(alloy, { port: 9191 }).detail).toBe(
      "wrong port: Alloy asks 127.0.0.1:9091 for it, not 127.0.0.1:9191",
    );
    expect(judge(alloy, { labels: { team: "ogn" } }).detail).toMatch(
      /^label lost: Alloy's pyroscope\.\S+ has no team="ogn"$/,
    );
    const unnamed = changed({ labels: { __address__: "127.0.0.1:9091", environment: "sandbox" } });
    expect(judge(unnamed).detail).toMatch(
      /^label lost: .* takes the profiles of 127.0.0.1:9091 as service_name none, /,
    );
  });
});

describe("the link to Pyroscope", () => {
  const now = Date.UTC(2026, 10, 25);
  const labels = profileLabels("production", service);
  const series = [{ labels, sum: 300, last: now - 9_000, newest: 100 }];
  const judge = (changes: Partial<StoredContext>, kind: ProfileKind = "cpu"): Link =>
    judgeStored(service, kind, {
      error: undefined,
      isLocal: true,
      facts: facts(),
      environment: "production",
      isIdle: false,
      isServiceAway: false,
      lastSeen: undefined,
      series,
      all: [],
      labels,
      now,
      loaded: undefined,
      ...changes,
    });
  const type = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";

  test("holds where the samples are fresh and have their labels", () => {
    expect(judge({})).toEqual({ state: "ok", detail: "9 s old" });
    expect(judge({ series: [], isIdle: true })).toEqual({
      state: "ok",
      detail: "no samples: the service is idle",
    });
    // A label's old value is no fault.
    const old = { labels: { ...labels, job: "old" }, sum: 1, last: now - 60_000, newest: 1 };
    expect(judge({ series: [old, ...series] }).state).toBe("ok");
  });

  test("breaks where they are old, or not there", () => {
    expect(judge({ series: [{ labels, sum: 300, last: now - 100_000, newest: 100 }] }).detail).toBe(
      "the newest profile in Pyroscope is 100 s old, at an interval of 6 s",
    );
    expect(judge({ series: [] }).detail).toBe("Pyroscope has nothing of it of the last 7 d");
    expect(judge({ series: [], lastSeen: 3 * 3600 }).detail).toBe(
      "Pyroscope has nothing of it of the last 5 min; the last came 3 h ago",
    );
  });

  test("does not break for a service that is away by right, unless a label is lost", () => {
    const isServiceAway = true;
    expect(judge({ series: [], isServiceAway })).toEqual({ state: "away", detail: "nothing yet" });
    expect(judge({ series: [], lastSeen: 3 * 3600, isServiceAway }).detail).toBe("the last came 3 h ago");
    const last = now - 240_000;
    expect(judge({ series: [{ labels, sum: 300, last, newest: 100 }], isServiceAway })).toEqual({
      state: "away",
      detail: "the last came 4 min ago",
    });
    const others = { ...labels, job: "other" };
    expect(judge({ series: [{ labels: others, sum: 1, last, newest: 1 }], isServiceAway }).state).toBe(
      "broken",
    );
    expect(judge({ error: "refused", isServiceAway }).state).toBe("broken");
  });

  test("is counted by samples that add up, and by the heap of the newest profile", () => {
    const heap = [
      { labels, sum: 50, last: now - 9_000, newest: 20 },
      { labels: { ...labels, team: "ogn" }, sum: 4, last: now - 9_000, newest: 3 },
      { labels: { ...labels, job: "old" }, sum: 70, last: now - 60_000, newest: 70 },
    ];
    expect([amountOf("cpu", heap), amountOf("heap", heap), amountOf("heap", [])]).toEqual([124, 23, 0]);
  });

  test("does not break for an idle service whose last samples are of before a deploy, unless a label is gone", () => {
    const before = { series: [{ labels: { ...labels, job: "old" }, sum: 1, last: now - 9_000, newest: 1 }] };
    expect(judge({ ...before, isIdle: true })).toEqual({
      state: "ok",
      detail: "no samples since the change of job: the service is idle",
    });
    expect(judge(before).state).toBe("broken");
    const gone = Object.fromEntries(Object.entries(labels).filter(([name]) => name !== "job"));
    const series = [{ labels: gone, sum: 1, last: now, newest: 1 }];
    expect(judge({ series, isIdle: true }).state).toBe("broken");
  });

  test("does not break for a service that does so little that no sample is no wonder", () => {
    const few = (sum: number, last: number): StoredSeries => ({
      labels: { ...labels, job: "old" },
      sum,
      last,
      newest: 1,
    });
    // 9 samples in five minutes are one in 33 s.
    const before = { series: [few(9, now - 9_000)] };
    expect(judge({ ...before, loaded: now - 30_000 })).toEqual({
      state: "ok",
      detail: "no samples since the change of job: the service does little",
    });
    expect(judge({ ...before, loaded: now - 240_000 }).state).toBe("broken");
    expect(judge({ series: [few(300, now - 9_000)], loaded: now - 30_000 }).state).toBe("broken");
    expect(judge({ ...before, loaded: now - 30_000 }, "heap").state).toBe("broken");
    const quiet = [{ ...few(9, now - 100_000), labels }];
    expect(judge({ series: quiet })).toEqual({ state: "ok", detail: "100 s old" });
    expect(judge({ series: [{ ...few(9, now - 240_000), labels }] }).state).toBe("broken");
  });

  test("breaks where a label is lost, and says which", () => {
    const rest = Object.fromEntries(Object.entries(labels).filter(([name]) => name !== "job"));
    expect(judge({ series: [{ labels: rest, sum: 1, last: now, newest: 1 }] }).detail).toBe(
      'label lost: the newest profiles in Pyroscope have no job="soar-run"',
    );
    const unnamed = {
      service_name: "unspecified",
      job: "soar-run",
      environment: "production",
      __profile_type__: type,
    };
    expect(judge({ series: [], all: [unnamed] }).detail).toBe(
      'label lost: it is in Pyroscope as service_name="unspecified", not "soar-run"',
    );
    expect(judge({ series: [], all: [{ service_name: "soar-run", __profile_type__: type }] }).detail).toBe(
      'label lost: it is in Pyroscope without environment="production"',
    );
  });

  test("breaks where Pyroscope is away", () => {
    expect(judge({ error: "refused", isLocal: false })).toEqual({
      state: "broken",
      detail: "Pyroscope does not answer: refused",
      remedy: "see whether it can be reached from the host",
    });
    const units = new Map([["pyroscope.service", { state: "failed", result: "oom-kill", words: [] }]]);
    expect(judge({ error: "refused", facts: facts({ units }) }).detail).toBe(
      "Pyroscope: pyroscope.service is stopped (failed, oom-kill)",
    );
  });
});

test("the host's own facts are read", () => {
  const printed = [
    "listener 127.0.0.1:9091 soar-run.service",
    "listener [::]:22 -",
    "unit soar-run.service active loaded success ",
    "unit alloy.service failed loaded exit-code ",
    "words alloy.service Error: bad file",
    "unit nats.service inactive not-found success ",
    "package alloy 1.10.0-1",
    "package pyroscope ",
    "disk 4096",
    "stored 2048 1024 86400",
    "record alloy 3",
    "digest alloy 1234",
    "differs alloy /etc/default/alloy was edited",
    "differs logs alloy.service does not run",
    "differs profiles alloy.service does not run",
    "foreign pyroscope /etc/systemd/system/pyroscope.service.d/override.conf sets ExecStart",
  ].join("\n");
  expect(parseFacts(printed)).toEqual({
    listeners: [
      { address: "127.0.0.1:9091", unit: "soar-run.service" },
      { address: "[::]:22", unit: undefined },
    ],
    units: new Map([
      ["soar-run.service", { state: "active", result: "success", words: [] }],
      ["alloy.service", { state: "failed", result: "exit-code", words: ["Error: bad file"] }],
      ["nats.service", { state: "not-found", result: "success", words: [] }],
    ]),
    packages: new Map([
      ["alloy", "1.10.0-1"],
      ["pyroscope", ""],
    ]),
    disk: 4096,
    stored: { all: 2048, grown: 1024, seconds: 86_400 },
    differences: [
      "/etc/default/alloy was edited",
      "alloy.service does not run",
      "/etc/systemd/system/pyroscope.service.d/override.conf sets ExecStart",
    ],
    hasRecords: true,
  });
});
