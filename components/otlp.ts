import * as pulumi from "@pulumi/pulumi";
import { otlpLogs, otlpReceiver, type OtlpReceiver } from "../config/otlp";
import type { LogsSettings, TracesSettings } from "../config/settings";
import type { LoggedService } from "../render/alloy/logs";
import { renderOtlp } from "../render/alloy/otlp";
import { alloyDeclaration, alloyFragment, type AlloyInfo, alloyPassword, alloyPlatform } from "./alloy";
import type { ServiceDeclaration } from "./host/declaration";
import type { Host } from "./host/host";
import type { PortRequirement } from "./host/required";
import { ServiceConfig, type FileDigest } from "./host/service-config";
import { Component } from "./host/steady";

/** Arguments of {@link Otlp}. */
export interface OtlpArgs {
  host: Host;
  environment: string;
  /** The attribute `host`, where there are several. */
  hostName: string | undefined;
  /** The Alloy of the host, which may be another environment's. */
  alloy: pulumi.Input<AlloyInfo>;
  receiver: OtlpReceiver;
  /** Where spans go; without it none are taken. */
  traces?: TracesSettings | undefined;
  /** With `traces.user`. */
  tracesPassword?: pulumi.Output<string> | undefined;
  /** Where log records go; without otlp as their source none are taken. */
  logs?: LogsSettings | undefined;
  /** With `logs.user`. */
  logsPassword?: pulumi.Output<string> | undefined;
  /** Those whose lines come from the journal. */
  services: readonly LoggedService[];
  /** A service's settings hold a secret. */
  secret: boolean;
}

/**
 * What the services of one environment send by OTLP, taken on ports of its own: spans on their way to Tempo, and log records
 * on theirs to Loki. A server that is away is no failure. One transaction, because both come through one receiver; it is
 * called traces, as it was when there were only these.
 */
export class Otlp extends Component {
  readonly files: pulumi.Output<FileDigest[]>;
  readonly isApplied: pulumi.Output<boolean>;

  constructor(name: string, args: OtlpArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Traces", name, opts);
    const records = otlpLogs(args);
    const logsPassword = records === undefined ? undefined : args.logsPassword;
    const config = new ServiceConfig(
      `${name}-config`,
      {
        host: args.host,
        id: "traces",
        base: alloyPlatform,
        secret:
          args.tracesPassword !== undefined ||
          logsPassword !== undefined ||
          (records !== undefined && args.secret),
        declaration: pulumi
          .all([args.alloy, args.tracesPassword, logsPassword])
          .apply(([alloy, forTempo, forLoki]) => declaration(args, alloy, forTempo, forLoki)),
      },
      { parent: this, dependsOn: opts?.dependsOn ?? [] },
    );
    this.files = config.files;
    this.isApplied = config.isApplied;
    this.registerOutputs({ files: this.files });
  }
}

/** The ports that Alloy needs for what comes by OTLP; none where nothing does. */
export function otlpPorts(settings: Parameters<typeof otlpReceiver>[0]): PortRequirement[] {
  const receiver = otlpReceiver(settings);
  if (receiver === undefined) return [];
  const { grpcPort, httpPort, setting } = receiver;
  const common = { address: "127.0.0.1", unit: "alloy.service" };
  return [
    { ...common, port: grpcPort, purpose: "Alloy (OTLP/gRPC)", setting: `${setting}.grpcPort` },
    { ...common, port: httpPort, purpose: "Alloy (OTLP/HTTP)", setting: `${setting}.httpPort` },
  ];
}

function declaration(
  args: OtlpArgs,
  alloy: AlloyInfo,
  forTempo: string | undefined,
  forLoki: string | undefined,
): ServiceDeclaration {
  const { environment, hostName, receiver, traces, services } = args;
  const logs = otlpLogs(args);
  const secrets = {
    traces: alloyPassword(`${environment}-traces-password`, forTempo),
    // Not the file of the journal's way, which is another transaction's.
    logs: alloyPassword(`${environment}-otlp-logs-password`, forLoki),
  };
  const text = renderOtlp({
    environment,
    host: hostName,
    ports: receiver,
    spans:
      traces === undefined ? undefined : { services, settings: traces, passwordFile: secrets.traces.path },
    records: logs === undefined ? undefined : { settings: logs, services, passwordFile: secrets.logs.path },
  });
  const all = Object.values(secrets);
  const common = alloyDeclaration(args.host, alloy, [
    alloyFragment(`${environment}-traces`, text),
    ...all.flatMap(({ files }) => files),
  ]);
  const [directories = []] = all.map((secret) => secret.directories).filter(({ length }) => length > 0);
  return { ...common, directories: [...(common.directories ?? []), ...directories] };
}
