import * as path from "node:path";

import type { PackageLayout } from "./deb";

/**
 * Alloy's package as its `tools/make/packaging.mk` (fpm) makes it: the unit is under /usr/lib, its environment file and
 * configuration are conffiles, the postinst makes user and groups and starts nothing, the prerm stops the service.
 *
 * @param program the executable
 * @param packaging the module's directory `packaging`
 */
export function alloyLayout(program: string, packaging: string): PackageLayout {
  const packaged = (file: string): string => path.join(packaging, file);
  return {
    control: {
      Package: "alloy",
      Section: "default",
      Priority: "optional",
      Maintainer: "Grafana Labs <support@grafana.com>",
      Homepage: "https://github.com/grafana/alloy",
      Description: "Grafana Alloy is an OpenTelemetry Collector distribution with programmable pipelines.",
    },
    files: [
      { target: "/usr/bin/alloy", source: program, executable: true },
      { target: "/etc/alloy/config.alloy", source: packaged("config.alloy"), conffile: true },
      { target: "/etc/default/alloy", source: packaged("environment-file"), conffile: true },
      { target: "/usr/lib/systemd/system/alloy.service", source: packaged("deb/alloy.service") },
    ],
    scripts: { postinst: packaged("deb/control/postinst"), prerm: packaged("deb/control/prerm") },
  };
}
