import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/grafanapyroscope";
import { cpuProfile, datasourceTypes, heapProfile } from "./datasources";

/** What is looked at: one service's profiles of the last hour. */
export interface ExploreArgs {
  /** Base URL of Grafana. */
  readonly grafanaUrl: string;
  /** The uid of the datasource. */
  readonly pyroscope: string;
  readonly environment: string;
  readonly service: { readonly name: string; readonly profiles: readonly string[] };
}

/** The label selector of a service's profiles. */
export function serviceSelector(service: string, environment: string): string {
  return `{service_name=${JSON.stringify(service)}, environment=${JSON.stringify(environment)}}`;
}

/** A link that opens Explore (Grafana 10 and later) on a service's CPU profiles; its heap profiles where it has no others. */
export function exploreUrl({ grafanaUrl, pyroscope, environment, service }: ExploreArgs): string {
  const datasource = { type: datasourceTypes.pyroscope, uid: pyroscope };
  const query = new DataqueryBuilder()
    .refId("A")
    .datasource(datasource)
    .queryType("both")
    .profileTypeId(service.profiles.includes("cpu") ? cpuProfile : heapProfile)
    .labelSelector(serviceSelector(service.name, environment))
    .groupBy([]);
  const pane = { datasource: pyroscope, queries: [query.build()], range: { from: "now-1h", to: "now" } };
  const panes = encodeURIComponent(JSON.stringify({ soar: pane }));
  return `${grafanaUrl}/explore?schemaVersion=1&panes=${panes}&orgId=1`;
}
