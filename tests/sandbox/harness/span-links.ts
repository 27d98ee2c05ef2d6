/** What a link of a span asks, and whom. */
export interface SpanLink {
  /** The uid of the datasource. */
  readonly uid: string;
  readonly query: string;
}

interface Tag {
  key: string;
  value: string;
}

/** What the settings of Tempo's datasource say of a span's links. */
export interface LinkSettings {
  tracesToLogsV2: { datasourceUid: string; tags: Tag[]; query: string };
  tracesToMetrics: { datasourceUid: string; tags: Tag[]; queries: { query: string }[] };
  tracesToProfiles: { datasourceUid: string; tags: Tag[]; profileTypeId: string };
}

/**
 * The links that Grafana's page makes for a span. Grafana puts the tags that the span has into `${__tags}`, each as its label
 * with the span's value (`createSpanLink.tsx` of Grafana); the page itself is not in the sandbox.
 */
export function linksOf(
  { tracesToLogsV2: logs, tracesToMetrics: metrics, tracesToProfiles: profiles }: LinkSettings,
  attributes: Readonly<Record<string, string | undefined>>,
  traceId: string,
): Record<"logs" | "metrics" | "profiles", SpanLink> {
  const filled = (query: string, tags: readonly Tag[]): string => {
    const labels = tags.flatMap(({ key, value }) => {
      const of = attributes[key];
      return of === undefined ? [] : [`${value}="${of}"`];
    });
    return query.replace(/\$\{__tags\}|\$__tags/, labels.join(", ")).replace("${__trace.traceId}", traceId);
  };
  return {
    logs: { uid: logs.datasourceUid, query: filled(logs.query, logs.tags) },
    metrics: { uid: metrics.datasourceUid, query: filled(metrics.queries[0]?.query ?? "", metrics.tags) },
    profiles: { uid: profiles.datasourceUid, query: filled("{${__tags}}", profiles.tags) },
  };
}
