import { parseDuration, parseSize } from "../../config/units";
import type { Service } from "../../config/settings";
import type { AlertArgs } from "../../render/grafana/alert-rules";
import type { RulesArgs } from "../../render/prometheus/rules";
import { accepted } from "../config/sample";

/** Services of every kind: both profiles and none, several rhythms, all labels, IPv6. */
export function sampleServices(): Service[] {
  return accepted({
    services: [
      { name: "soar-web", port: 9092 },
      { name: "soar-sitemap", profiles: [], unit: "soar-sitemap.service", schedule: "intermittent" },
      {
        name: "soar-run",
        port: 9091,
        profiles: ["cpu", "heap"],
        labels: { team: "flight", component: "matcher" },
      },
      {
        name: "soar-ingest-ogn",
        port: 9093,
        address: "::1",
        interval: "15s",
        duration: "10s",
        labels: { motto: `"quotes" $HOME \\ new\nline\ttab 'ünïcödé' ✈ \u0007\u202e\ufeff` },
        repository: "https://github.com/hut8/soar",
        gitRef: "v1.2.3",
      },
    ],
  }).services;
}

/** A Pyroscope on the host. */
export const storage = { version: "1.21.1-1", retention: parseDuration("30d"), budget: parseSize("20GiB") };

/** Of a stack that owns its platform, with two services of three kinds of profile. */
export const rules: RulesArgs = {
  environment: "production",
  owner: "production",
  jobs: ["alloy", "host", "pyroscope", "soar-run"],
  services: [
    { name: "soar-run", profiles: ["heap", "cpu"], interval: parseDuration("60s"), schedule: "always" },
    { name: "soar.web", profiles: ["cpu"], interval: parseDuration("10m"), schedule: "always" },
  ],
  pyroscope: {
    major: 1,
    dataDirectory: "/var/lib/pyroscope",
    retention: parseDuration("30d"),
    budget: parseSize("20GiB"),
  },
};

export const alerts: AlertArgs = { ...rules, prometheus: "production-prometheus" };
