import * as settings from "@pulumi/pulumi/runtime/settings";

/**
 * Gives each run of a program in the Automation API connections of its own to its engine. By itself gRPC for Node shares them in a process
 * by their address, also those that have failed. An engine that by chance has the port of an earlier one, which was killed, is then
 * not reached: `No connection established. Last error: null` (grpc-js 1.14.7). What comes of that, see broken-program.ts.
 */
export function keepConnectionsApart(): void {
  const { grpcClientOptions } = settings as unknown as { grpcClientOptions: Record<string, unknown> };
  grpcClientOptions["grpc.use_local_subchannel_pool"] = 1;
}
