import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../config/refusal";
import type { Settings } from "../config/settings";
import type { PlatformInfo } from "./platform";
import { refuseTakenPorts } from "./traces";

/** The platform of another stack, which runs on the same host. */
export function platformOf({ platform, traces }: Settings): pulumi.Output<PlatformInfo> {
  if (platform.kind === "own") throw new Error("this stack owns its platform");
  const owner = new pulumi.StackReference(platform.stack);
  return (owner.getOutput("platform") as pulumi.Output<PlatformInfo | undefined>).apply((info) => {
    if (info === undefined) {
      throw refusal(
        `platform.stack: the stack ${platform.stack} has no platform yet: pulumi up that one first`,
      );
    }
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
