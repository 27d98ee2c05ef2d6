import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as settings from "@pulumi/pulumi/runtime/settings";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { afterEach, expect, test } from "vitest";
import { keepConnectionsApart } from "../../operations/own-connections";

const unimplemented = 12;
const unavailable = 14;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** An engine that answers that it knows nothing; at a free port with 0. */
async function serve(port: number): Promise<{ port: number; end: () => void }> {
  const server = new Server();
  const end = (): void => {
    server.forceShutdown();
  };
  ends.push(end);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) => {
      if (error === null) resolve(at);
      else reject(error);
    });
  });
  return { port: bound, end };
}

/** As Pulumi's SDK connects to the engine's monitor. */
function connect(port: number): () => Promise<number | undefined> {
  const { grpcClientOptions } = settings as unknown as { grpcClientOptions: object };
  const client = new ResourceMonitorClient(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
    grpcClientOptions,
  );
  ends.push(() => {
    client.close();
  });
  return () =>
    new Promise((resolve) => {
      client.getDeploymentInfo(new Empty(), (error) => {
        resolve(error?.code);
      });
    });
}

test("an engine at the port of one that was killed is reached at once", async () => {
  keepConnectionsApart();
  const first = await serve(0);
  const left = connect(first.port);
  expect(await left()).toBe(unimplemented);
  first.end();
  await expect.poll(left).toBe(unavailable);
  await serve(first.port);
  expect(await connect(first.port)()).toBe(unimplemented);
});
