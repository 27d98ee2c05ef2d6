import * as path from "node:path";

import type { PackageLayout } from "./deb";

/**
 * Pyroscope's package as its `.goreleaser.yaml` (nfpm) makes it: the unit is a plain file under /etc, `config.yml` a
 * conffile, and there is a postinst (which starts the service at once, at the first installation only) but no prerm.
 *
 * @param program the executable
 * @param packaging the directory with the module's `pyroscope.service`, `postinstall.sh` and `pyroscope.yaml`
 */
export function pyroscopeLayout(program: string, packaging: string): PackageLayout {
  const packaged = (file: string): string => path.join(packaging, file);
  return {
    control: {
      Package: "pyroscope",
      Section: "default",
      Priority: "optional",
      Maintainer: "Grafana Labs <support@grafana.com>",
      Homepage: "https://grafana.com/pyroscope",
      Description: "Continuous profiling aggregation system",
    },
    files: [
      { target: "/usr/bin/pyroscope", source: program, executable: true },
      { target: "/etc/systemd/system/pyroscope.service", source: packaged("pyroscope.service") },
      { target: "/etc/pyroscope/config.yml", source: packaged("pyroscope.yaml"), conffile: true },
    ],
    scripts: { postinst: packaged("postinstall.sh") },
  };
}
