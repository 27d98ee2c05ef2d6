import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { endWithEngine } from "../serve";
import { plain, type Properties } from "../values";

/** A provider with a configuration, which `@pulumi/pulumi/provider` does not pass on. */
export interface ConfiguredProvider {
  version: string;
  configure(settings: Properties): void;
  check(urn: string, olds: Properties, news: Properties): Checked;
  /** `state` is what the last operation returned, `news` the checked inputs. */
  diff(urn: string, state: Properties, news: Properties): Difference;
  create(urn: string, inputs: Properties): Promise<Existing>;
  /** `undefined`: it is gone. */
  read(urn: string, id: string, state: Properties, inputs: Properties): Promise<Found | undefined>;
  update(urn: string, id: string, state: Properties, inputs: Properties): Promise<Properties>;
  delete(urn: string, id: string): Promise<void>;
}

export interface Checked {
  inputs: Properties;
  failures: { property: string; reason: string }[];
}

export interface Difference {
  changed: string[];
  replaces: string[];
}

export interface Existing {
  id: string;
  state: Properties;
}

export interface Found extends Existing {
  inputs: Properties;
}

function toStruct(properties: Properties): Struct {
  // What is undefined is left out, as in JSON.
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)) as Record<string, JavaScriptValue>);
}

const fromStruct = (struct: Struct | undefined): Properties => struct?.toJavaScript() ?? {};

/** Serves the provider to the engine that started this process, and ends when that engine is gone. */
export async function serveConfigured(provider: ConfiguredProvider): Promise<void> {
  const busy = { operations: 0 };
  const server = new Server();
  server.addService(ResourceProviderService, methods(provider, busy));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  endWithEngine(busy);
  process.stdout.write(`${port}\n`);
}

function handler<Q, R>(busy: { operations: number }, action: (request: Q) => R | Promise<R>) {
  return (call: ServerUnaryCall<Q, R>, callback: sendUnaryData<R>): void => {
    busy.operations++;
    const answer = async (): Promise<R> => action(call.request);
    answer()
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          const details = error instanceof Error ? error.message : String(error);
          callback({ code: status.UNKNOWN, details });
        },
      )
      .finally(() => busy.operations--);
  };
}

/** What is not among these is answered as not implemented, which the engine takes as the default behaviour. */
function methods(provider: ConfiguredProvider, busy: { operations: number }) {
  return {
    getPluginInfo: handler(busy, () => new PluginInfo().setVersion(provider.version)),
    attach: handler(busy, () => new Empty()),
    cancel: handler(busy, () => new Empty()),
    configure: handler(busy, (request: rpc.ConfigureRequest) => {
      // Only here they come in their envelopes.
      provider.configure(plain(fromStruct(request.getArgs())) as Properties);
      // Without secrets on the wire the engine itself keeps those of the inputs secret in the outputs.
      return new rpc.ConfigureResponse().setAcceptsecrets(false);
    }),
    check: handler(busy, (request: rpc.CheckRequest) => {
      const { inputs, failures } = provider.check(
        request.getUrn(),
        fromStruct(request.getOlds()),
        fromStruct(request.getNews()),
      );
      const list = failures.map(({ property, reason }) =>
        new rpc.CheckFailure().setProperty(property).setReason(reason),
      );
      return new rpc.CheckResponse().setInputs(toStruct(inputs)).setFailuresList(list);
    }),
    diff: handler(busy, (request: rpc.DiffRequest) => {
      const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
      const { changed, replaces } = provider.diff(
        request.getUrn(),
        fromStruct(request.getOlds()),
        fromStruct(request.getNews()),
      );
      return (
        new rpc.DiffResponse()
          .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
          .setDiffsList(changed)
          .setReplacesList(replaces)
          // Names and titles are unique in Grafana, so the old one has to make room.
          .setDeletebeforereplace(true)
      );
    }),
    create: handler(busy, async (request: rpc.CreateRequest) => {
      const { id, state } = await provider.create(request.getUrn(), fromStruct(request.getProperties()));
      return new rpc.CreateResponse().setId(id).setProperties(toStruct(state));
    }),
    read: handler(busy, async (request: rpc.ReadRequest) => {
      const found = await provider.read(
        request.getUrn(),
        request.getId(),
        fromStruct(request.getProperties()),
        fromStruct(request.getInputs()),
      );
      const response = new rpc.ReadResponse();
      if (found === undefined) return response;
      const { id, state, inputs } = found;
      return response.setId(id).setProperties(toStruct(state)).setInputs(toStruct(inputs));
    }),
    update: handler(busy, async (request: rpc.UpdateRequest) => {
      const state = await provider.update(
        request.getUrn(),
        request.getId(),
        fromStruct(request.getOlds()),
        fromStruct(request.getNews()),
      );
      return new rpc.UpdateResponse().setProperties(toStruct(state));
    }),
    delete: handler(busy, async (request: rpc.DeleteRequest) => {
      await provider.delete(request.getUrn(), request.getId());
      return new Empty();
    }),
  };
}
