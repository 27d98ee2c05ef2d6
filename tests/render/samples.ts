import type { ScrapedService } from "../../render/alloy/profiles";
import { accepted } from "../config/sample";

/** Services of every kind: both profiles, several rhythms, all labels, IPv6. */
export function sampleServices(): ScrapedService[] {
  return accepted({
    services: [
      { name: "soar-web", port: 9092 },
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
