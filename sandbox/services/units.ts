import type { Service } from "./list";

/** Where the host has the programs. */
export const executables = "/usr/local/bin";

/** The one that all the units run. */
export const executable = `${executables}/soar-service`;

/** Where a collector on the host takes spans over HTTP, if there is one. */
const collector = "http://127.0.0.1:4318";

/** A unit file, and the link that has systemd start it at boot. */
export interface UnitFile {
  /** Absolute on the host. */
  path: string;
  content: string;
  /** A symbolic link on the host that points to `path`. */
  enabledBy: string;
}

/** Renders one systemd unit for each service; of quiet ones, they compute a little while they are profiled. */
export function renderUnits(services: readonly Service[], isQuiet = false): UnitFile[] {
  return services.map((service) => ({
    path: `/etc/systemd/system/${service.unit}`,
    content: renderUnit(service, isQuiet),
    enabledBy: `/etc/systemd/system/multi-user.target.wants/${service.unit}`,
  }));
}

function renderUnit({ name, port, profiles }: Service, isQuiet: boolean): string {
  const options = (profiles.includes("heap") ? " --heap" : "") + (isQuiet ? " --quiet" : "");
  return `[Unit]
Description=SOAR service ${name} (sandbox)

[Service]
ExecStart=${executable} --name ${name} --port ${port}${options}
Environment=OTEL_EXPORTER_OTLP_ENDPOINT=${collector}
DynamicUser=yes
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
}
