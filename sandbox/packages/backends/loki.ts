import * as path from "node:path";

import type { PackageLayout } from "../deb";
import { configuration, control, dropIn, origin } from "./service";

const loopback = "127.0.0.1";
const data = "/var/lib/loki";

/** One process with all parts of Loki, which find each other without gossip. */
export const lokiConfig = {
  auth_enabled: false,
  server: {
    http_listen_address: loopback,
    http_listen_port: 3100,
    grpc_listen_address: loopback,
    grpc_listen_port: 9098,
    log_level: "warn",
  },
  common: {
    instance_addr: loopback,
    path_prefix: data,
    replication_factor: 1,
    ring: { kvstore: { store: "inmemory" } },
    storage: { filesystem: { chunks_directory: `${data}/chunks`, rules_directory: `${data}/rules` } },
  },
  // Else the first line is taken only after 15 s.
  ingester: { lifecycler: { min_ready_duration: "0s" } },
  schema_config: {
    configs: [
      {
        from: "2024-01-01",
        store: "tsdb",
        object_store: "filesystem",
        schema: "v13",
        index: { prefix: "index_", period: "24h" },
      },
    ],
  },
  analytics: { reporting_enabled: false },
};

/**
 * Loki's package as its `tools/packaging/nfpm.jsonnet` makes it: the unit is a plain file under /etc, and the postinst
 * makes the user, enables the service and starts it.
 *
 * @param program the executable
 * @param packaging the directory with the module's `loki.service` and `postinstall.sh`
 */
export function lokiLayout(program: string, packaging: string): PackageLayout {
  return {
    control: {
      Package: "loki",
      ...control,
      Homepage: "https://grafana.com/loki",
      Description: "Loki is a horizontally-scalable, highly-available, multi-tenant log aggregation system.",
    },
    origin,
    files: [
      { target: "/usr/bin/loki", source: program, executable: true },
      { target: "/etc/systemd/system/loki.service", source: path.join(packaging, "loki.service") },
      dropIn("loki"),
      configuration("/etc/loki/config.yml", lokiConfig),
    ],
    scripts: { postinst: path.join(packaging, "postinstall.sh") },
  };
}
