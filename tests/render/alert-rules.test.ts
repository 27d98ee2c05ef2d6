import { describe, expect, test } from "vitest";
import { type AlertArgs, alertRules } from "../../render/grafana/alert-rules";
import { alerts } from "./samples";

describe("alert rules", () => {
  test("are those of the platform and the services for its owner, and of the services for others", () => {
    const titles = (args: AlertArgs): string[] => alertRules(args).map(({ title }) => title);
    const ofServices = ["No profiles", "A service's metrics are missing"];
    const ofAlloy = ["Alloy is down", "Alloy drops profiles"];
    expect(titles(alerts)).toEqual([
      ...ofAlloy,
      ...["Pyroscope is down", "Pyroscope discards samples"],
      ...ofServices,
    ]);
    expect(titles({ ...alerts, storage: undefined })).toEqual([...ofAlloy, ...ofServices]);
    expect(titles({ ...alerts, platform: "staging" })).toEqual(ofServices);
    expect(titles({ ...alerts, longestInterval: undefined, measured: [], storage: undefined })).toEqual(
      ofAlloy,
    );
  });

  test("are a query, its last value and a threshold", () => {
    const [down] = alertRules(alerts);
    expect(down).toMatchObject({ condition: "C", for: "1m", noDataState: "Alerting", execErrState: "Error" });
    expect(down?.labels).toEqual({ environment: "production", severity: "critical" });
    expect(down?.data.map(({ model }) => model)).toMatchObject([
      { refId: "A", expr: 'up{environment="production",job="alloy"}', instant: true },
      { refId: "B", type: "reduce", expression: "A", reducer: "last" },
      {
        refId: "C",
        type: "threshold",
        expression: "B",
        conditions: [{ evaluator: { type: "lt", params: [1] } }],
      },
    ]);
  });

  test("watch the services by their exact names, and wait for as long as their interval asks", () => {
    const expr = (title: string, args = alerts): unknown =>
      alertRules(args).find((rule) => rule.title === title)?.data[0]?.model;
    expect(expr("A service's metrics are missing")).toMatchObject({
      expr: 'up{environment="production",job=~"soar-run|soar\\\\.web"}',
    });
    expect(expr("No profiles")).toMatchObject({ expr: expect.stringContaining("[300s]") as unknown });
    expect(expr("No profiles", { ...alerts, longestInterval: 600 })).toMatchObject({
      expr: expect.stringContaining("[1800s]") as unknown,
    });
  });
});
