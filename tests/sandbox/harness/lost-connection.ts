import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { openStack } from "../../../sandbox/stack";
import { oneId } from "./one-id";

// An `up` whose program loses its connection to the engine at its first question, as a busy machine may have it.
Object.assign(ResourceMonitorClient.prototype, {
  getDeploymentInfo: (_: unknown, answer: (error: Error) => void): void => {
    setTimeout(() => {
      answer(Object.assign(new Error("the connection was lost"), { code: 14 }));
    }, 200);
  },
});

async function main(): Promise<void> {
  const [directory = ""] = process.argv.slice(2);
  const stack = await openStack({ config: {}, directory, program: oneId });
  await stack.up({ suppressProgress: true });
}

process.on("unhandledRejection", () => undefined);
main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
