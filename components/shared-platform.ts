import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../config/refusal";
import type { Settings } from "../config/settings";
import type { PlatformInfo } from "./platform";
import { refuseTakenPorts } from "./traces";

/** The platform of another stack, which runs on the same host. */
export function platformOf({ platform, traces }: Settings): pulumi.Output<PlatformInfo> {
  if (platform.kind === "own") throw new Error("this stack owns its platform");
  const owner = new pulumi.StackReference(platform.stack);
  return (owner.getOutput("platform") as pulumi.Output<PlatformInfo | undefined>).apply((output) => {
    const info = usable(output, platform.stack);
    const { alloy, otlpPorts: otlp } = info;
    const taken = {
      "Alloy's HTTP server (alloy.httpPort)": alloy.httpPort,
      "the port for OTLP/gRPC (traces.grpcPort)": otlp?.grpc,
      "the port for OTLP/HTTP (traces.httpPort)": otlp?.http,
    };
    if (traces !== undefined) refuseTakenPorts(traces, platform.stack, taken);
    return info;
  });
}

/** What a stack's output tells of its platform, if it is there and this program's. */
export function usable(output: Partial<PlatformInfo> | undefined, stack: string): PlatformInfo {
  const problem =
    output === undefined
      ? "has no platform yet"
      : output.authenticates === undefined
        ? "was last brought up by an earlier version of this program"
        : undefined;
  if (problem !== undefined)
    throw refusal(`platform.stack: the stack ${stack} ${problem}: pulumi up that one first`);
  return output as PlatformInfo;
}
