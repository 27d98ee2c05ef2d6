import type { ExportedDashboard } from "../../render/grafana/dashboard-file";
import type { OtherDatasource } from "../../render/grafana/datasource-references";
import type { ExportedGroup } from "../../render/grafana/rule-file";

/** Something, with the file that it comes from, as messages name it. */
export interface FromFile<T> {
  readonly file: string;
  readonly value: T;
}

/** A rule file for Prometheus. */
export interface PrometheusRules {
  /** The file's, without its ending. */
  readonly name: string;
  readonly content: string;
}

/** What the operators have written themselves and the stack brings in, read and checked. */
export interface OperatorFiles {
  readonly dashboards: readonly FromFile<ExportedDashboard>[];
  /** Alert rules for Grafana. */
  readonly groups: readonly FromFile<ExportedGroup>[];
  readonly prometheusRules: readonly PrometheusRules[];
  /** The datasources beside the stack's own that they ask, which Grafana has to have. */
  readonly others: readonly FromFile<OtherDatasource>[];
}

export const noOperatorFiles: OperatorFiles = { dashboards: [], groups: [], prometheusRules: [], others: [] };

/** What is wrong with a file. */
export interface FileProblem {
  readonly file: string;
  readonly message: string;
}
