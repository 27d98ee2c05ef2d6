import type { serviceAttribute } from "../alloy/telemetry-names";
import { grafanaUid } from "./identity";

export type DatasourceKind = "pyroscope" | "prometheus" | "loki" | "tempo";

/** The plugin of each kind; the order is that in which they are declared. */
export const datasourceTypes: Record<DatasourceKind, string> = {
  pyroscope: "grafana-pyroscope-datasource",
  prometheus: "prometheus",
  loki: "loki",
  tempo: "tempo",
};

export const datasourceKinds = Object.keys(datasourceTypes) as DatasourceKind[];

/** The uids of the datasources that there are. */
export type DatasourceUids = Readonly<Partial<Record<DatasourceKind, string>>>;

/** The profile type that links and queries ask for. */
export const cpuProfile = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
export const heapProfile = "memory:inuse_space:bytes:space:bytes";

/** Ours is there only where spans come through our Alloy; what a program itself says is everywhere. */
export type ServiceKey = typeof serviceAttribute | "service.name";

/** The uids of an environment's datasources of these kinds. */
export function datasourceUids(environment: string, kinds: readonly DatasourceKind[]): DatasourceUids {
  return Object.fromEntries(kinds.map((kind) => [kind, grafanaUid(environment, kind)]));
}

/** How often there is something new, such as `15s`. */
export interface Rhythm {
  /** The shortest interval between two profiles of a service. */
  readonly profiles: string;
  /** The longest one between two scrapes by Prometheus. */
  readonly metrics: string;
}

/**
 * The settings (`jsonData`) of a datasource, with its links to those of the others that there are. A variable of
 * Grafana's takes one `$` through the API.
 * @param serviceKey the attribute of a span that has the service's name
 */
export function datasourceSettings(
  kind: DatasourceKind,
  uids: DatasourceUids,
  rhythm: Rhythm,
  serviceKey: ServiceKey = "service.name",
): object {
  switch (kind) {
    case "pyroscope":
      return { minStep: rhythm.profiles };
    case "prometheus":
      return {
        httpMethod: "POST",
        timeInterval: rhythm.metrics,
        ...(uids.tempo === undefined
          ? {}
          : { exemplarTraceIdDestinations: [{ name: "trace_id", datasourceUid: uids.tempo }] }),
      };
    case "loki":
      return {
        maxLines: 1000,
        ...(uids.tempo === undefined ? {} : { derivedFields: logToTrace(uids.tempo) }),
      };
    case "tempo":
      return tempoSettings(uids, serviceKey);
  }
}

/** What a terminal takes for a colour; lines from before ours may have some. */
const colours = "(?:\\x1b\\[[\\d;]*m)*";
const writtenTrace = `trace_?[iI][dD]"?${colours}[=:]${colours} ?"?([0-9a-f]{32})`;

/** In a line of the journal the trace is in the text, and a log record has it beside its own. */
function logToTrace(datasourceUid: string): object[] {
  const link = { url: "${__value.raw}", datasourceUid };
  return [
    { name: "trace_id", matcherRegex: writtenTrace, ...link },
    { name: "trace_id (OTLP)", matcherType: "label", matcherRegex: "trace_id", ...link },
  ];
}

/** The lines of both kinds that name a trace. */
const linesOfTrace =
  '{${__tags}} | line_format `{{__line__}}{{if .trace_id}} trace_id={{.trace_id}}{{end}}` |= "${__trace.traceId}"';

function tempoSettings({ pyroscope, prometheus, loki }: DatasourceUids, serviceKey: ServiceKey): object {
  const tags = [{ key: serviceKey, value: "service_name" }];
  // A span is shorter than what there is around it: a scrape, a line that is written late.
  const around = { spanStartTimeShift: "-5m", spanEndTimeShift: "5m" };
  return {
    nodeGraph: { enabled: true },
    ...(loki === undefined
      ? {}
      : {
          tracesToLogsV2: {
            datasourceUid: loki,
            ...around,
            tags,
            filterByTraceID: false,
            filterBySpanID: false,
            customQuery: true,
            query: linesOfTrace,
          },
        }),
    ...(prometheus === undefined
      ? {}
      : {
          tracesToMetrics: {
            datasourceUid: prometheus,
            ...around,
            tags,
            queries: [{ name: "Metrics of the service", query: "{$__tags}" }],
          },
          serviceMap: { datasourceUid: prometheus },
        }),
    ...(pyroscope === undefined
      ? {}
      : {
          tracesToProfiles: { datasourceUid: pyroscope, tags, profileTypeId: cpuProfile, customQuery: false },
        }),
  };
}
