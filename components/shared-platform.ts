import * as pulumi from "@pulumi/pulumi";
import { pushProblem, type Pushed } from "../config/push";
import { refusal } from "../config/refusal";
import type { Settings } from "../config/settings";
import { identityOf, isOtherHost } from "./host/identity";
import { otlpPorts } from "./otlp";
import { platformFormats, type PlatformInfo } from "./platform";
import { pushPorts } from "./profiles";

/**
 * The platform of another stack, which runs on the same host.
 * @param stack this one, `organization/project/stack`
 */
export function platformOf(settings: Settings, stack: string): pulumi.Output<PlatformInfo> {
  const { platform } = settings;
  if (platform.kind === "own") throw new Error("this stack owns its platform");
  if (platform.stack === stack)
    throw refusal(
      `platform.stack: ${stack} is this stack itself: name the one that has the platform, or set platform to own`,
    );
  const owner = new pulumi.StackReference(platform.stack);
  return (owner.getOutput("platform") as pulumi.Output<PlatformInfo | undefined>).apply((output) => {
    const info = usable(output, platform.stack);
    refuseOther(info, platform.stack, settings);
    const { alloy, otlpPorts: otlp, pushPort } = info;
    const by = otlp?.setting ?? "traces";
    const taken = {
      "Alloy's HTTP server (alloy.httpPort)": alloy.httpPort,
      [`the port for OTLP/gRPC (${by}.grpcPort)`]: otlp?.grpc,
      [`the port for OTLP/HTTP (${by}.httpPort)`]: otlp?.http,
      "the port for pushed profiles (push.port)": pushPort,
    };
    refuseTakenPorts(settings, platform.stack, taken);
    refuseOldAlloy(settings, platform.stack, alloy);
    return info;
  });
}

/**
 * Refuses ports that the stack which owns the host's Alloy has for itself.
 * @param taken the owner's ports, by what they are for
 * @throws pulumi.RunError that names each port, the owner and what to set
 */
export function refuseTakenPorts(
  settings: Parameters<typeof otlpPorts>[0] & Pushed,
  owner: string,
  taken: Readonly<Record<string, number | undefined>>,
): void {
  const issues = [...otlpPorts(settings), ...pushPorts(settings)].flatMap(({ port, setting }) => {
    const [purpose] = Object.entries(taken).find(([, used]) => used === port) ?? [];
    return purpose === undefined
      ? []
      : [`- ${setting}: ${port} is ${purpose} of the stack ${owner}, on the same host: set another port`];
  });
  if (issues.length > 0) throw refusal(["Invalid configuration:", ...new Set(issues)].join("\n"));
}

function refuseOldAlloy({ push }: Settings, owner: string, alloy: PlatformInfo["alloy"]): void {
  const problem = push === undefined ? undefined : pushProblem(alloy);
  if (problem !== undefined) throw refusal(`push: ${problem}, in the stack ${owner}`);
}

/**
 * A platform is of no use to another host, and its owner's environment is the owner's. What an earlier version of this program
 * has brought up does not say where it is.
 */
export function refuseOther(
  { environment, host }: Pick<PlatformInfo, "environment" | "host">,
  owner: string,
  settings: Pick<Settings, "environment" | "host">,
): void {
  const own = identityOf(settings.host);
  if (host !== undefined && isOtherHost(host, own))
    throw refusal(
      `platform.stack: the platform of ${owner} is on another host: it is at ${host.address} (${String(host.key)}), and this ` +
        `stack's host at ${own.address} (${String(own.key)}). Name a stack of the same host, or set platform to own`,
    );
  if (environment === settings.environment)
    throw refusal(`environment: ${environment} is that of ${owner}, which has the platform: set another one`);
}

/** What a stack's output tells of its platform, if it is there and this program's. */
export function usable(output: Partial<PlatformInfo> | undefined, stack: string): PlatformInfo {
  const problem = problemOf(output);
  if (problem !== undefined) throw refusal(`platform.stack: the stack ${stack} ${problem}`);
  return output as PlatformInfo;
}

function problemOf(output: Partial<PlatformInfo> | undefined): string | undefined {
  if (output === undefined) return "has no platform yet: pulumi up that one first";
  const { authenticates, format = authenticates === undefined ? 1 : 2 } = output;
  if (format < platformFormats.oldest)
    return "was last brought up by an earlier version of this program: pulumi up that one first";
  if (format > platformFormats.newest)
    return (
      `was last brought up by a newer version of this program (its output platform is of format ${format}, and this one ` +
      `reads ${platformFormats.newest}): use the newer version for this stack, too`
    );
  return undefined;
}
