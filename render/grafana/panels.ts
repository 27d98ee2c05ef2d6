import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type DataSourceRef,
  type Panel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { datasourceTypes } from "./datasources";
import { grafanaUid } from "./identity";

/** The title of an environment's dashboard. */
export function dashboardTitle(title: string, environment: string): string {
  return `${title} (${environment})`;
}

/** A dashboard of an environment. */
export function dashboard(environment: string, role: string, title: string): DashboardBuilder {
  return new DashboardBuilder(dashboardTitle(title, environment))
    .uid(grafanaUid(environment, role))
    .tags(["soar-profiling", environment])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-1h", to: "now" })
    .refresh("1m");
}

/** The dashboard with these panels, numbered in their order. */
export function withPanels(builder: DashboardBuilder, panels: readonly PanelBuilder[]): Dashboard {
  panels.forEach((panel, index) => builder.withPanel(panel.id(index + 1)));
  return builder.build();
}

/** What all panels' builders have. */
export interface PanelBuilder extends Builder<Panel> {
  id(id: number): this;
}

/** One line, or one for each value of a label, of a panel over Prometheus. */
export interface Line {
  readonly expr: string;
  /** Its name; `{{label}}` stands for a label's value. */
  readonly legend: string;
}

/** A panel over Prometheus: what it shows, in which unit. */
export interface PrometheusPanel {
  readonly title: string;
  /** What it tells, and what to make of it. */
  readonly description: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

/** Values over time, half of the dashboard wide. */
export function graph(
  uid: string,
  { title, description, unit, lines }: PrometheusPanel,
): timeseries.PanelBuilder {
  const datasource = prometheusRef(uid);
  return new timeseries.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .targets(lines.map((line, index) => target(datasource, line, index).range()))
    .unit(unit)
    .min(0)
    .fillOpacity(10)
    .height(8)
    .span(12);
}

/** The values of now, an eighth of the dashboard wide for each. */
export function figure(uid: string, { title, description, unit, lines }: PrometheusPanel): stat.PanelBuilder {
  const datasource = prometheusRef(uid);
  return new stat.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .targets(lines.map((line, index) => target(datasource, line, index).instant()))
    .unit(unit)
    .height(4)
    .span(6);
}

function prometheusRef(uid: string): DataSourceRef {
  return { type: datasourceTypes.prometheus, uid };
}

function target(
  datasource: DataSourceRef,
  { expr, legend }: Line,
  index: number,
): prometheus.DataqueryBuilder {
  const refId = String.fromCharCode("A".charCodeAt(0) + index);
  return new prometheus.DataqueryBuilder()
    .refId(refId)
    .datasource(datasource)
    .expr(expr)
    .legendFormat(legend);
}
