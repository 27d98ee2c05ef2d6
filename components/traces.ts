import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../config/refusal";
import type { TracesSettings } from "../config/settings";
import { renderTraces } from "../render/alloy/traces";
import type { NamedService } from "../render/alloy/telemetry-names";
import { alloyDeclaration, alloyFragment, type AlloyInfo, alloyPassword, alloyPlatform } from "./alloy";
import type { ServiceDeclaration } from "./host/declaration";
import type { Host } from "./host/host";
import type { PortRequirement } from "./host/preflight";
import { ServiceConfig, type FileDigest } from "./host/service-config";

/** Arguments of {@link Traces}. */
export interface TracesArgs {
  host: Host;
  environment: string;
  /** The Alloy of the host, which may be another environment's. */
  alloy: pulumi.Input<AlloyInfo>;
  settings: TracesSettings;
  services: readonly NamedService[];
  /** With `settings.user`. */
  password?: pulumi.Output<string> | undefined;
}

/** The spans of one environment's services, taken on ports of its own, on their way to Tempo. A Tempo that is away is no failure. */
export class Traces extends pulumi.ComponentResource {
  readonly files: pulumi.Output<FileDigest[]>;
  readonly isApplied: pulumi.Output<boolean>;

  constructor(name: string, args: TracesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Traces", name, {}, opts);
    const config = new ServiceConfig(
      `${name}-config`,
      {
        host: args.host,
        id: "traces",
        base: alloyPlatform,
        secret: args.password !== undefined,
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

/** The ports that Alloy needs for spans. */
export function otlpPorts({ grpcPort, httpPort }: TracesSettings): PortRequirement[] {
  const common = { address: "127.0.0.1", unit: "alloy.service" };
  return [
    { ...common, port: grpcPort, purpose: "Alloy (OTLP/gRPC)", setting: "traces.grpcPort" },
    { ...common, port: httpPort, purpose: "Alloy (OTLP/HTTP)", setting: "traces.httpPort" },
  ];
}

/**
 * Refuses the ports for spans that the stack which owns the host's Alloy has for itself.
 * @param taken the owner's ports, by what they are for
 * @throws pulumi.RunError that names each port, the owner and what to set
 */
export function refuseTakenPorts(
  settings: TracesSettings,
  owner: string,
  taken: Readonly<Record<string, number | undefined>>,
): void {
  const issues = otlpPorts(settings).flatMap(({ port, setting }) => {
    const [purpose] = Object.entries(taken).find(([, used]) => used === port) ?? [];
    return purpose === undefined
      ? []
      : [`- ${setting}: ${port} is ${purpose} of the stack ${owner}, on the same host: set another port`];
  });
  if (issues.length > 0) throw refusal(["Invalid configuration:", ...issues].join("\n"));
}

function declaration(
  { environment, services, settings }: TracesArgs,
  alloy: AlloyInfo,
  password: string | undefined,
): ServiceDeclaration {
  const secret = alloyPassword(`${environment}-traces-password`, password);
  const text = renderTraces({ environment, services, settings, passwordFile: secret.path });
  const common = alloyDeclaration(alloy, [alloyFragment(`${environment}-traces`, text), ...secret.files]);
  return { ...common, directories: [...(common.directories ?? []), ...secret.directories] };
}
