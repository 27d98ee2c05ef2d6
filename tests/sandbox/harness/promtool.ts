import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { stringify } from "yaml";
import { renderRules, type RulesArgs } from "../../../render/prometheus/rules";
import { run } from "../../../sandbox/log";

/** Series of Prometheus's test language: its labels, and values a minute. */
export interface Series {
  series: string;
  values: string;
}

/** What fires, with its labels beside severity and environment, and both annotations. */
export interface Firing {
  labels?: Record<string, string>;
  severity?: "warning" | "critical";
  summary: string;
  description: string;
}

/** Runs `promtool test rules`: what one alert does at a time. */
export async function promtoolTest(
  promtool: string,
  directory: string,
  alert: string,
  at: string,
  series: Series[],
  firing: Firing[],
  args: RulesArgs,
): Promise<string> {
  const { environment } = args;
  await writeFile(path.join(directory, "rules.yml"), renderRules(args) ?? "");
  const expected = firing.map(({ labels, severity = "warning", summary, description }) => ({
    exp_labels: { severity, environment, ...labels },
    exp_annotations: { summary, description },
  }));
  const test = {
    rule_files: ["rules.yml"],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: series,
        alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: expected }],
      },
    ],
  };
  await writeFile(path.join(directory, "test.yml"), stringify(test));
  const { code, stdout, stderr } = await run(promtool, ["test", "rules", "test.yml"], {
    allowFailure: true,
    cwd: directory,
  });
  return code === 0 ? "as expected" : stdout + stderr;
}
