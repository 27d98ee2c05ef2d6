import * as pulumi from "@pulumi/pulumi";
import type { LogsSettings } from "../config/settings";
import { type LoggedService, renderLogs } from "../render/alloy/logs";
import { alloyDeclaration, alloyFragment, type AlloyInfo, alloyPassword, alloyPlatform } from "./alloy";
import type { ServiceDeclaration } from "./host/declaration";
import type { Host } from "./host/host";
import { ServiceConfig, type FileDigest } from "./host/service-config";
import { Component } from "./host/steady";

/** Arguments of {@link Logs}. */
export interface LogsArgs {
  host: Host;
  environment: string;
  /** The label `host`, where there are several. */
  hostName: string | undefined;
  /** The Alloy of the host, which may be another environment's. */
  alloy: pulumi.Input<AlloyInfo>;
  settings: LogsSettings;
  /** Those with a unit are the ones whose lines are sent. */
  services: readonly LoggedService[];
  /** With `settings.user`. */
  password?: pulumi.Output<string> | undefined;
  /** A service's settings hold a secret. */
  secret: boolean;
}

/**
 * The journals of one environment's services on their way to Loki. A Loki that is away is no failure: the lines wait in the
 * journal.
 */
export class Logs extends Component {
  readonly files: pulumi.Output<FileDigest[]>;
  readonly isApplied: pulumi.Output<boolean>;

  constructor(name: string, args: LogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Logs", name, opts);
    const config = new ServiceConfig(
      `${name}-config`,
      {
        host: args.host,
        id: "logs",
        base: alloyPlatform,
        secret: args.secret || args.password !== undefined,
        declaration: pulumi
          .all([args.alloy, args.password])
          .apply(([alloy, password]) => declaration(args, alloy, password)),
      },
      { parent: this, dependsOn: opts?.dependsOn ?? [] },
    );
    this.files = config.files;
    this.isApplied = config.isApplied;
    this.registerOutputs({ files: this.files });
  }
}

function declaration(
  { host, environment, hostName, services, settings }: LogsArgs,
  alloy: AlloyInfo,
  password: string | undefined,
): ServiceDeclaration {
  const secret = alloyPassword(`${environment}-logs-password`, password);
  const text = renderLogs({ environment, host: hostName, services, settings, passwordFile: secret.path });
  const common = alloyDeclaration(host, alloy, [alloyFragment(`${environment}-logs`, text), ...secret.files]);
  return {
    ...common,
    directories: [...(common.directories ?? []), ...secret.directories],
    // Without it Alloy starts, and collects nothing.
    groups: ["systemd-journal"],
  };
}
