import { stringify } from "yaml";

import type { ControlFields, PackageFile } from "../deb";

/** What the control files of these packages have in common. */
export const control: Pick<ControlFields, "Section" | "Priority" | "Maintainer"> = {
  Section: "default",
  Priority: "optional",
  Maintainer: "Grafana Labs <support@grafana.com>",
};

/** How a README says where these packages come from. */
export const origin =
  "from the official packaging files, with a configuration of the sandbox's own that keeps to loopback";

/** A server's configuration in YAML, as a conffile. */
export function configuration(target: string, value: unknown): PackageFile {
  return { target, source: { text: stringify(value) }, conffile: true };
}

/** What the official unit lacks: a place for the data, and an end that a sandbox need not wait for. */
export function dropIn(name: string): PackageFile {
  return {
    target: `/usr/lib/systemd/system/${name}.service.d/sandbox.conf`,
    source: { text: `[Service]\nStateDirectory=${name}\nTimeoutStopSec=10\n` },
  };
}
