import { type DropIn, renderDropIn } from "../render/systemd";
import type { ServiceFile } from "./host/declaration";

/** The stack's one drop-in of a unit. A change of it needs a restart. */
export function dropIn(unit: string, service: DropIn[string]): ServiceFile {
  return {
    path: `/etc/systemd/system/${unit}.d/10-soar-profiling.conf`,
    mode: "0644",
    owner: "root:root",
    activation: "restart",
    content: renderDropIn({ Service: service }),
  };
}
