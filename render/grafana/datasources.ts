import type { serviceAttribute } from "../alloy/telemetry-names";
import { scrapeInterval } from "../prometheus/jobs";
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

/**
 * The settings (`jsonData`) of a datasource, with its links to those of the others that there are. A variable of
 * Grafana's takes one `$` through the API.
 * @param minStep the shortest interval between two profiles of a service, such as `15s`
 * @param serviceKey the attribute of a span that has the service's name
 */
export function datasourceSettings(
  kind: DatasourceKind,
  uids: DatasourceUids,
  minStep: string,
  serviceKey: ServiceKey = "service.name",
): object {
  switch (kind) {
    case "pyroscope":
      return { minStep };
    case "prometheus":
      return {
        httpMethod: "POST",
        timeInterval: scrapeInterval,
        ...(uids.tempo === undefined
          ? {}
          : { exemplarTraceIdDestinations: [{ name: "trace_id", datasourceUid: uids.tempo }] }),
      };
    case "loki":
      return {
        maxLines: 1000,
        ...(uids.tempo === undefined ? {} : { derivedFields: [logToTrace(uids.tempo)] }),
      };
    case "tempo":
      return tempoSettings(uids, serviceKey);
  }
}

function logToTrace(datasourceUid: string): object {
  return { name: "trace_id", matcherRegex: "trace_id=(\\w+)", url: "${__value.raw}", datasourceUid };
}

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
            query: '{${__tags}} |= "trace_id=${__trace.traceId}"',
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
