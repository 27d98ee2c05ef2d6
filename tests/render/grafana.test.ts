import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration } from "../../config/units";
import { alertRules } from "../../render/grafana/alert-rules";
import {
  type DatasourceKind,
  datasourceKinds,
  datasourceSettings,
  datasourceUids,
} from "../../render/grafana/datasources";
import { exploreUrl } from "../../render/grafana/explore";
import { grafanaUid } from "../../render/grafana/identity";
import { pipelineDashboard } from "../../render/grafana/pipeline-dashboard";
import { profilesDashboard } from "../../render/grafana/profiles-dashboard";
import type { ProfiledService } from "../../render/prometheus/profiling-cost";
import { alerts, storage } from "./samples";

const environment = "production";
const uids = datasourceUids(environment, datasourceKinds);
const rhythm = { profiles: "15s", metrics: "30s" };
const services = [
  { name: "soar-web", profiles: ["cpu"] },
  { name: "soar-run", profiles: ["cpu", "heap"] },
];
const profiles = profilesDashboard({ environment, services, pyroscope: "production-pyroscope" });
const costing = (name: string, interval: string, more: Partial<ProfiledService> = {}): ProfiledService => ({
  name,
  profiles: ["cpu"],
  interval: parseDuration(interval),
  duration: parseDuration("5s"),
  metrics: undefined,
  ...more,
});
const info = {
  environment,
  platform: environment,
  services: [
    costing("soar.web", "10m", { metrics: { path: "/metrics", interval: parseDuration("15s"), labels: {} } }),
    costing("soar-run", "60s", { profiles: ["cpu", "heap"] }),
    costing("soar-ingest", "60s"),
  ],
};
const pipeline = pipelineDashboard({ ...info, storage }, "production-prometheus");

/** All uids that a value refers to, at any depth. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    key === "datasourceUid" || (key === "datasource" && typeof item === "object")
      ? [typeof item === "string" ? item : (item as { uid: string }).uid]
      : references(item),
  );
}

describe("uids", () => {
  test("are the environment and the role, in what Grafana holds", () => {
    expect(uids).toEqual({
      pyroscope: "production-pyroscope",
      prometheus: "production-prometheus",
      loki: "production-loki",
      tempo: "production-tempo",
    });
    const long = "e".repeat(30);
    const other = grafanaUid(`${long}b`, "prometheus");
    expect(grafanaUid(`${long}a`, "prometheus")).toMatch(/^e{22}-[0-9a-f]{6}-prometheus$/);
    expect(other).toHaveLength(40);
    expect(other).not.toBe(grafanaUid(`${long}a`, "prometheus"));
  });

  test("that are referred to exist, whichever datasources there are", () => {
    fc.assert(
      fc.property(fc.subarray([...datasourceKinds]), (kinds: DatasourceKind[]) => {
        const some = datasourceUids(environment, kinds);
        const settings = kinds.map((kind) => datasourceSettings(kind, some, rhythm));
        for (const uid of references(settings)) expect(Object.values(some)).toContain(uid);
      }),
    );
    expect(new Set(references([profiles]))).toEqual(new Set(["production-pyroscope"]));
    expect(new Set(references([pipeline]))).toEqual(new Set(["production-prometheus"]));
    expect(new Set(references(alertRules(alerts)))).toEqual(new Set(["production-prometheus", "__expr__"]));
  });
});

describe("datasources", () => {
  test("are linked with each other", () => {
    const tempo = datasourceSettings("tempo", uids, rhythm);
    const tags = [{ key: "service.name", value: "service_name" }];
    expect(tempo).toMatchObject({
      tracesToLogsV2: {
        datasourceUid: "production-loki",
        tags,
        query:
          '{${__tags}} | line_format `{{__line__}}{{if .trace_id}} trace_id={{.trace_id}}{{end}}` |= "${__trace.traceId}"',
      },
      tracesToMetrics: { datasourceUid: "production-prometheus", tags },
      tracesToProfiles: {
        datasourceUid: "production-pyroscope",
        tags,
        profileTypeId: "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
      },
    });
    expect(datasourceSettings("loki", uids, rhythm)).toMatchObject({
      derivedFields: [
        { url: "${__value.raw}", datasourceUid: "production-tempo" },
        {
          url: "${__value.raw}",
          datasourceUid: "production-tempo",
          matcherType: "label",
          matcherRegex: "trace_id",
        },
      ],
    });
    expect(datasourceSettings("prometheus", uids, rhythm)).toMatchObject({
      exemplarTraceIdDestinations: [{ name: "trace_id", datasourceUid: "production-tempo" }],
      timeInterval: "30s",
    });
  });

  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const coloured = `\u001b[3mtrace_id\u001b[0m\u001b[2m=\u001b[0m${trace}`;
  test.each([
    [`INFO flight matched trace_id=${trace} took="3 ms"`, trace],
    [`  INFO flight matched ${coloured} \u001b[3mtook\u001b[0m`, trace],
    [`{"message":"matched","trace_id":"${trace}"}`, trace],
    [`msg=matched traceID="${trace}"`, trace],
    ["INFO flight matched trace_id=none", undefined],
    [`INFO span_id=${trace}`, undefined],
  ])("find the trace in %j, by the regular expression as Grafana applies it", (line, found) => {
    const { derivedFields } = datasourceSettings("loki", uids, rhythm) as {
      derivedFields: { matcherRegex: string }[];
    };
    expect(new RegExp(derivedFields[0]?.matcherRegex ?? "").exec(line)?.[1]).toBe(found);
  });

  test("have no link to what there is not, and take one $ for a variable", () => {
    expect(datasourceSettings("tempo", { tempo: "t" }, rhythm)).toEqual({ nodeGraph: { enabled: true } });
    expect(datasourceSettings("loki", { loki: "l" }, rhythm)).toEqual({ maxLines: 1000 });
    expect(datasourceSettings("pyroscope", uids, { ...rhythm, profiles: "10s" })).toEqual({ minStep: "10s" });
    const all = datasourceKinds.map((kind) => datasourceSettings(kind, uids, rhythm));
    expect(JSON.stringify([all, profiles, pipeline, alertRules(alerts)])).not.toContain("$$");
  });
});

const panelsOf = ({ panels = [] }: { panels?: unknown[] }): Panel[] => panels as Panel[];

describe("dashboards", () => {
  test("have these panels", () => {
    expect(panelsOf(profiles).map(({ type, title }) => `${type}: ${title}`)).toEqual([
      "flamegraph: Flame graph of $service",
      "table: Top functions of $service",
      "timeseries: CPU over time",
      "timeseries: Heap over time",
    ]);
    expect(panelsOf(pipeline).map(({ type, title }) => `${type}: ${title}`)).toEqual([
      "timeseries: Profiles sent, of those due",
      "timeseries: Profiles written",
      "timeseries: Drops",
      "timeseries: Latency, 99th percentile",
      "timeseries: Cost to the services: time under the profiler",
      "timeseries: Cost to the services: profiles handed over",
      "timeseries: Processors that the services keep busy",
      "timeseries: Storage growth in a day",
      "timeseries: Disk free",
      "stat: Retention horizon",
      "stat: Retention that fits the budget",
      "stat: Since the last clean-up",
    ]);
  });

  test("leave out what there is not: heap profiles, a Pyroscope on the host, the clean-up of 1.x", () => {
    const titles = (dashboard: object): (string | undefined)[] =>
      panelsOf(dashboard).map(({ title }) => title);
    const cpuOnly = profilesDashboard({ environment, services: services.slice(0, 1), pyroscope: "p" });
    expect(titles(cpuOnly)).not.toContain("Heap over time");
    const remote = pipelineDashboard({ ...info, storage: undefined }, "p");
    expect(titles(remote)).toEqual(titles(pipeline).slice(0, 7));
    expect(JSON.stringify(remote)).not.toMatch(/job=\\"pyroscope|filesystem/);
    const second = pipelineDashboard({ ...info, storage: { ...storage, version: "2.1.0" } }, "p");
    expect(titles(second)).toEqual([...titles(pipeline).slice(0, -2), "Compactions and deletions"]);
    expect(JSON.stringify(second)).not.toContain("pyroscope_compactor_");
  });

  test("choose hosts where there are several", () => {
    const onHosts = profilesDashboard({ environment, services, pyroscope: "p", isOnHosts: true });
    const variable = onHosts.templating.list?.find(({ name }) => name === "host");
    expect(variable).toMatchObject({
      multi: true,
      includeAll: true,
      allValue: ".*",
      query: { labelName: "host" },
    });
    const selectors = panelsOf(onHosts).map(
      ({ targets }) => (targets as unknown as { labelSelector: string }[])[0]?.labelSelector,
    );
    expect(selectors).toHaveLength(4);
    for (const selector of selectors) expect(selector).toMatch(/, host=~"\$host"\}$/);
    expect(JSON.stringify(profiles)).not.toContain("$host");
  });

  test("choose a service of the environment, by variables of the datasource", () => {
    const { list = [] } = profiles.templating;
    expect(list.map(({ name, current }) => [name, current?.value])).toEqual([
      ["type", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"],
      ["environment", "production"],
      ["service", "soar-run"],
    ]);
    const [graph, top] = panelsOf(profiles);
    for (const panel of [graph, top]) {
      expect(panel?.targets).toMatchObject([
        { labelSelector: '{service_name="$service", environment="$environment"}', profileTypeId: "$type" },
      ]);
    }
  });

  test.each([profiles, pipeline])(
    "number their panels, and lay them out beside and below each other",
    (board) => {
      const panels = panelsOf(board);
      expect(panels.map(({ id }) => id)).toEqual(panels.map((_, index) => index + 1));
      const taken = new Set<string>();
      for (const { gridPos = { x: 0, y: 0, w: 0, h: 0 } } of panels) {
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken).not.toContain(`${x} ${y}`);
            taken.add(`${x} ${y}`);
          }
      }
    },
  );

  test("tell what being profiled costs a service, as far as there is something to tell", () => {
    const of = (services: ProfiledService[]): Record<string, string[]> =>
      Object.fromEntries(
        panelsOf(pipelineDashboard({ ...info, services, storage }, "p"))
          .filter(({ title = "" }) => /Cost|busy/.test(title))
          .map(({ title, targets = [] }): [string, string[]] => [
            title ?? "",
            (targets as { expr?: string }[]).map(({ expr = "" }) => expr),
          ]),
      );
    const due = (names: string, interval: number): string =>
      `profiling:interval_seconds{environment="production",kind="cpu",service_name=~"${names}"} == ${interval}`;
    const [time = [], bytes = [], busy = []] = Object.values(of(info.services));
    expect(time).toEqual([
      expect.stringContaining(due("soar[.]web", 600)),
      expect.stringContaining(due("soar-ingest|soar-run", 60)),
    ]);
    expect(time.map((expr) => /\) (\* \d+ \/ \d+)$/.exec(expr)?.[1])).toEqual(["* 5 / 600", "* 5 / 60"]);
    expect(bytes).toHaveLength(2);
    expect(busy).toEqual([
      'sum by (job) (rate(process_cpu_seconds_total{environment="production",job=~"soar[.]web"}[$__rate_interval]))',
    ]);
    // Two of one interval, of which one is measured for longer.
    const longer = costing("soar-run", "60s", { duration: parseDuration("10s") });
    expect(Object.values(of([longer, costing("soar-ingest", "60s")])).map(({ length }) => length)).toEqual([
      2, 1,
    ]);
    expect(Object.keys(of([costing("soar-run", "60s", { profiles: ["heap"] })]))).toEqual([
      "Cost to the services: profiles handed over",
    ]);
  });

  test("show a line for each service and kind, from counters", () => {
    const [sent] = panelsOf(pipeline);
    expect(sent?.targets).toMatchObject(
      [60, 600].map((interval) => ({
        expr: expect.stringContaining(
          `profiling:interval_seconds{environment="production"} == ${interval}`,
        ) as unknown,
        legendFormat: "{{service_name}} {{kind}}",
      })),
    );
    // A histogram's buckets only beside the native form, of which a Prometheus that takes it stores no buckets.
    const bucketsAlone = "pyroscope_head_flushed_block_size_bytes_sum{";
    for (const { expr } of panelsOf(pipeline).flatMap(
      ({ targets = [] }) => targets as unknown as { expr: string }[],
    ))
      if (/_(bucket|count|sum)\{/.test(expr) && !expr.includes(bucketsAlone))
        expect(expr).toMatch(/_bucket\{.* or histogram_quantile/);
  });
});

test("an Explore link opens the datasource on a service's profiles", () => {
  const of = (profiles: string[]): URL =>
    new URL(
      exploreUrl({
        grafanaUrl: "https://grafana.example/grafana",
        pyroscope: "production-pyroscope",
        environment,
        service: { name: 'a "b" & c', profiles },
      }),
    );
  const url = of(["heap", "cpu"]);
  expect(url.href).toMatch(
    /^https:\/\/grafana\.example\/grafana\/explore\?schemaVersion=1&panes=%7B%22soar%22/,
  );
  const datasource = { type: "grafana-pyroscope-datasource", uid: "production-pyroscope" };
  expect(JSON.parse(url.searchParams.get("panes") ?? "")).toEqual({
    soar: {
      datasource: "production-pyroscope",
      queries: [
        {
          refId: "A",
          datasource,
          queryType: "both",
          groupBy: [],
          profileTypeId: "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
          labelSelector: '{service_name="a \\"b\\" & c", environment="production"}',
        },
      ],
      range: { from: "now-1h", to: "now" },
    },
  });
  expect(of(["heap"]).searchParams.get("panes")).toContain("memory:inuse_space:bytes:space:bytes");
});
