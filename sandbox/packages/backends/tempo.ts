import * as path from "node:path";

import type { PackageLayout } from "../deb";
import { configuration, control, dropIn, origin } from "./service";

const loopback = "127.0.0.1";
const data = "/var/lib/tempo";
const ring = { kvstore: { store: "inmemory" } };

/** One process with all parts of Tempo, which find each other without gossip; spans come as OTLP over HTTP only. */
export const tempoConfig = {
  search_enabled: true,
  server: {
    http_listen_address: loopback,
    http_listen_port: 3200,
    grpc_listen_address: loopback,
    grpc_listen_port: 9096,
    log_level: "warn",
  },
  distributor: {
    receivers: { otlp: { protocols: { http: { endpoint: `${loopback}:4320` } } } },
    ring: { ...ring, instance_addr: loopback },
  },
  ingester: {
    lifecycler: {
      address: loopback,
      min_ready_duration: "0s",
      ring: { ...ring, replication_factor: 1 },
    },
    // A trace is to be found soon, and blocks are to stay small.
    trace_idle_period: "2s",
    max_block_duration: "10m",
  },
  querier: { frontend_worker: { frontend_address: `${loopback}:9096` } },
  compactor: { compaction: { block_retention: "24h" } },
  storage: {
    trace: { backend: "local", local: { path: `${data}/blocks` }, wal: { path: `${data}/wal` } },
  },
  usage_report: { reporting_enabled: false },
};

/**
 * Tempo's package as its `.goreleaser.yml` (nfpm) makes it: the unit is a plain file under /etc, and the postinst makes the
 * user, enables the service and starts it.
 *
 * @param program the executable
 * @param packaging the directory with the module's `tempo.service` and `postinstall.sh`
 */
export function tempoLayout(program: string, packaging: string): PackageLayout {
  return {
    control: {
      Package: "tempo",
      ...control,
      Homepage: "https://grafana.com/oss/tempo/",
      Description:
        "Grafana Tempo is an open source, easy-to-use, and high-scale distributed tracing backend.",
    },
    origin,
    files: [
      { target: "/usr/bin/tempo", source: program, executable: true },
      { target: "/etc/systemd/system/tempo.service", source: path.join(packaging, "tempo.service") },
      dropIn("tempo"),
      configuration("/etc/tempo/config.yml", tempoConfig),
    ],
    scripts: { postinst: path.join(packaging, "postinstall.sh") },
  };
}
