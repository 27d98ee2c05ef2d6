import * as path from "node:path";

import type { PackageLayout } from "../deb";
import { control } from "./service";

/** What differs from Grafana's defaults. */
export const grafanaSettings = `[server]
http_addr = 127.0.0.1
http_port = 3000

# Writers and readers of SQLite at once: without it, Grafana 10.0 answers 500 now and then, "database is locked".
[database]
wal = true

[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false

[news]
news_feed_enabled = false

[security]
disable_gravatar = true

[log]
mode = console
level = warn
`;

const environment = `CONF_FILE=/etc/grafana/grafana.ini
PROVISIONING_CFG_DIR=/etc/grafana/provisioning
DATA_DIR=/var/lib/grafana
LOG_DIR=/var/log/grafana
PLUGINS_DIR=/var/lib/grafana/plugins
PID_FILE_DIR=/run/grafana
`;

/** The official one without most of what confines it. */
const unit = `[Unit]
Description=Grafana instance
Documentation=http://docs.grafana.org
Wants=network-online.target
After=network-online.target

[Service]
EnvironmentFile=/etc/default/grafana-server
User=grafana
Group=grafana
Type=simple
Restart=on-failure
WorkingDirectory=/usr/share/grafana
RuntimeDirectory=grafana
RuntimeDirectoryMode=0750
ExecStart=/usr/share/grafana/bin/grafana server --config=\${CONF_FILE} --pidfile=\${PID_FILE_DIR}/grafana-server.pid \\
  --packaging=deb cfg:default.paths.logs=\${LOG_DIR} cfg:default.paths.data=\${DATA_DIR} \\
  cfg:default.paths.plugins=\${PLUGINS_DIR} cfg:default.paths.provisioning=\${PROVISIONING_CFG_DIR}
LimitNOFILE=10000
TimeoutStopSec=20
NoNewPrivileges=true
UMask=0027

[Install]
WantedBy=multi-user.target
`;

/** As the official one: makes user, group and directories, and starts nothing. */
const postinst = `#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
getent group grafana >/dev/null || addgroup --quiet --system grafana
id grafana >/dev/null 2>&1 || adduser --quiet --system --home /usr/share/grafana --no-create-home --ingroup grafana \\
  --disabled-password --shell /bin/false grafana
for kind in dashboards datasources notifiers plugins access-control alerting; do
  mkdir -p "/etc/grafana/provisioning/$kind"
done
mkdir -p /var/log/grafana /var/lib/grafana/plugins
chown -R grafana:grafana /var/log/grafana /var/lib/grafana
chmod 755 /var/log/grafana /var/lib/grafana
chown -Rh root:grafana /etc/grafana/*
find /etc/grafana -type f -exec chmod 640 {} +
`;

/**
 * Grafana's package with the layout of the official one. Its HTTP API only: there are no built web pages in it.
 *
 * @param home the folder with `bin/grafana`, `conf/` and `public/`
 */
export function grafanaLayout(home: string): PackageLayout {
  return {
    control: {
      Package: "grafana",
      ...control,
      Homepage: "https://grafana.com",
      Description: "Grafana",
    },
    origin: "itself, with the layout of the official one, on loopback and without the web pages",
    files: [
      {
        target: "/usr/share/grafana/bin/grafana",
        source: path.join(home, "bin", "grafana"),
        executable: true,
      },
      {
        target: "/usr/sbin/grafana",
        source: { text: '#!/bin/sh\nexec /usr/share/grafana/bin/grafana "$@"\n' },
        executable: true,
      },
      { target: "/usr/lib/systemd/system/grafana-server.service", source: { text: unit } },
      { target: "/etc/default/grafana-server", source: { text: environment }, conffile: true },
      { target: "/etc/grafana/grafana.ini", source: { text: grafanaSettings }, conffile: true },
    ],
    folders: [
      { target: "/usr/share/grafana/conf", source: path.join(home, "conf") },
      { target: "/usr/share/grafana/public", source: path.join(home, "public") },
    ],
    scripts: { postinst: { text: postinst } },
  };
}
