import * as dashboards from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/grafanapyroscope";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { cpuProfile, datasourceTypes, heapProfile } from "./datasources";
import { dashboard, type PanelBuilder, withPanels } from "./panels";

/** What the dashboard *Profiles* is about. */
export interface ProfilesDashboardArgs {
  readonly environment: string;
  /** Those with profiles. */
  readonly services: readonly { readonly name: string; readonly profiles: readonly string[] }[];
  /** The uid of Pyroscope's datasource. */
  readonly pyroscope: string;
  /** They run on several hosts, which can then be chosen. @default false */
  readonly isOnHosts?: boolean;
}

/** The variables' values as a label selector: one service of one environment, on the hosts that are chosen. */
function selectorOf(labels: readonly string[], isOnHosts: boolean): string {
  return `{${[...labels, ...(isOnHosts ? ['host=~"$host"'] : [])].join(", ")}}`;
}

/** One environment's profiles: the flame graph and the top functions of a service, CPU and heap of all over time. */
export function profilesDashboard({
  environment,
  services,
  pyroscope,
  isOnHosts = false,
}: ProfilesDashboardArgs): dashboards.Dashboard {
  const datasource = { type: datasourceTypes.pyroscope, uid: pyroscope };
  const selected = selectorOf(['service_name="$service"', 'environment="$environment"'], isOnHosts);
  const all = selectorOf(['environment="$environment"'], isOnHosts);
  const names = services.map(({ name }) => name).sort();
  const builder = dashboard(environment, "profiles", "Profiles")
    .description("Where the services spend CPU time and memory.")
    .withVariable(
      variable(datasource, "type", cpuProfile).query({ refId: "profileTypes", type: "profileType" }),
    )
    .withVariable(labelVariable(datasource, "environment", "environment", environment))
    .withVariable(labelVariable(datasource, "service", "service_name", names[0]));
  if (isOnHosts) {
    const everyHost = labelVariable(datasource, "host", "host", undefined);
    builder.withVariable(
      everyHost.includeAll(true).multi(true).allValue(".*").current({ text: "All", value: "$__all" }),
    );
  }
  const panels: PanelBuilder[] = [
    new dashboards.PanelBuilder()
      .type("flamegraph")
      .title("Flame graph of $service")
      .datasource(datasource)
      .withTarget(query(datasource, selected, "$type").queryType("profile"))
      .height(16)
      .span(24),
    topFunctions(datasource, selected),
    overTime(datasource, all, "CPU over time", cpuProfile),
  ];
  if (services.some(({ profiles }) => profiles.includes("heap")))
    panels.push(overTime(datasource, all, "Heap over time", heapProfile));
  return withPanels(builder, panels);
}

function variable(
  datasource: dashboards.DataSourceRef,
  name: string,
  value: string | undefined,
): dashboards.QueryVariableBuilder {
  const builder = new dashboards.QueryVariableBuilder(name)
    .datasource(datasource)
    .refresh(dashboards.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboards.VariableSort.AlphabeticalAsc);
  return value === undefined ? builder : builder.current({ text: value, value });
}

/** A variable with the values that a label of the profiles of the chosen type has. */
function labelVariable(
  datasource: dashboards.DataSourceRef,
  name: string,
  labelName: string,
  value: string | undefined,
): dashboards.QueryVariableBuilder {
  const query = { refId: name, type: "labelValue", profileTypeId: "$type", labelName };
  return variable(datasource, name, value).query(query);
}

function query(
  datasource: dashboards.DataSourceRef,
  selector: string,
  profileType: string,
): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId("A")
    .datasource(datasource)
    .labelSelector(selector)
    .profileTypeId(profileType)
    .groupBy([]);
}

/** The flame graph's frames, summed up by function. */
function topFunctions(datasource: dashboards.DataSourceRef, selected: string): table.PanelBuilder {
  const total = (field: string): object => ({ [field]: { operation: "aggregate", aggregations: ["sum"] } });
  return new table.PanelBuilder()
    .title("Top functions of $service")
    .description("By what they use themselves, without what they call.")
    .datasource(datasource)
    .withTarget(query(datasource, selected, "$type").queryType("profile"))
    .transformations([
      {
        id: "groupBy",
        options: { fields: { label: { operation: "groupby", aggregations: [] }, ...total("self") } },
      },
      { id: "sortBy", options: { sort: [{ field: "self (sum)", desc: true }] } },
      { id: "limit", options: { limitField: 30 } },
    ])
    .height(12)
    .span(24);
}

function overTime(
  datasource: dashboards.DataSourceRef,
  selector: string,
  title: string,
  profileType: string,
): timeseries.PanelBuilder {
  // The unit comes with the answer.
  return new timeseries.PanelBuilder()
    .title(title)
    .datasource(datasource)
    .withTarget(query(datasource, selector, profileType).queryType("metrics").groupBy(["service_name"]))
    .fillOpacity(10)
    .height(8)
    .span(12);
}
