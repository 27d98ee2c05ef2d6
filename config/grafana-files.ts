import * as field from "./fields";

const directory = (example: string) =>
  field.text(`a directory beside Pulumi.yaml, such as "${example}"`, /^(?!\/)[^\p{Cc}]+$/u).optional();

/** The settings of Grafana's that name files of the operators' own. */
export const grafanaFiles = {
  dashboards: directory("./dashboards")
    .describe(
      "The directory of your own dashboards: each `*.json` in it, as Grafana exports it, goes into the stack's folder.",
    )
    .meta({ fallback: "none" }),
  rules: directory("./rules")
    .describe(
      "The directory of your own rules: rule files of Prometheus (`*.yml`, `*.yaml`, `*.json`), which need `prometheus`, and " +
        "alert rules as Grafana exports them, which go into the stack's folder.",
    )
    .meta({ fallback: "none" }),
};
