import { describe, expect, test } from "vitest";
import { alertRules } from "../../render/grafana/alert-rules";
import { profilingRules } from "../../render/prometheus/rules";
import { alerts, rules } from "./samples";

const inGrafana = (text: string): string => text.replaceAll("$value", "$values.B.Value");

describe("Grafana's alert rules", () => {
  test("are Prometheus's, in the same words and with the same numbers", () => {
    const described = profilingRules(rules).flatMap((rule) => ("alert" in rule ? [rule] : []));
    expect(described.length).toBeGreaterThan(8);
    expect(
      alertRules(alerts).map((rule) => ({
        title: rule.title,
        for: rule.for,
        labels: rule.labels,
        annotations: rule.annotations,
        expr: (rule.data[0]?.model as unknown as { expr: string }).expr,
      })),
    ).toEqual(
      described.map((rule) => ({
        title: rule.alert,
        for: rule.for ?? "0s",
        expr: rule.expr,
        labels: { environment: "production", severity: rule.severity },
        annotations: { summary: inGrafana(rule.summary), description: inGrafana(rule.description) },
      })),
    );
    expect(JSON.stringify(alertRules(alerts))).not.toMatch(/\$value\b(?!s)/);
  });

  test("are a query, its last value and a condition that any value meets; nothing found is well", () => {
    for (const rule of alertRules(alerts)) {
      expect(rule).toMatchObject({ condition: "C", noDataState: "OK", execErrState: "Error" });
      expect(rule.data.map(({ model }) => model)).toMatchObject([
        { refId: "A", instant: true },
        { refId: "B", type: "reduce", expression: "A", reducer: "last" },
        { refId: "C", type: "math", expression: "is_number($B) || is_nan($B) || is_inf($B)" },
      ]);
    }
  });

  test("have titles of their own, as Grafana asks within a folder", () => {
    const titles = alertRules(alerts).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
