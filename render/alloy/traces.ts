import { hostPort } from "../../config/ports";
import type { TracesSettings } from "../../config/settings";
import { managedBy } from "../header";
import { environmentLabel } from "./label";
import { type Block, call, object, reference, renderAlloy } from "./syntax";
import { type NamedService, serviceStatements } from "./telemetry-names";

export interface TracesArgs {
  /** Part of the component names, and the resource attribute `deployment.environment` of spans that have none. */
  readonly environment: string;
  /** In any order. */
  readonly services: readonly NamedService[];
  /** Where from and where to. */
  readonly settings: TracesSettings;
  /** File on the host that holds the user's password and a newline; required with `settings.user`. */
  readonly passwordFile?: string | undefined;
}

/** Above it Alloy refuses spans, and their senders try again: what waits for Tempo must not take the host's memory. */
const memoryLimit = { check_interval: "1s", limit: "512MiB", spike_limit: "128MiB" };

/** A batch a second, or more when there is much. */
const batch = { timeout: "1s", send_batch_size: 1024, send_batch_max_size: 2048 };

/** Five minutes of batches wait for a Tempo that is away. */
const retry = { max_elapsed_time: "5m" };
const queue = { queue_size: 300 };

/**
 * Renders the way of spans to Tempo: OTLP on loopback, memory-limited, with the environment and the service's name in profiles, in
 * batches, OTLP/HTTP out.
 * @throws Error when only one of user and passwordFile is given
 */
export function renderTraces({ environment, services, settings, passwordFile }: TracesArgs): string {
  const label = environmentLabel(environment);
  const input = (component: string): Block => ({
    name: "output",
    attributes: { traces: [reference(`${component}.${label}.input`)] },
  });
  const listen = (name: string, port: number): Block => ({
    name,
    attributes: { endpoint: hostPort("127.0.0.1", port) },
  });
  const attribute = `attributes["deployment.environment"]`;
  return renderAlloy(managedBy(environment), [
    {
      name: "otelcol.receiver.otlp",
      label,
      blocks: [
        listen("grpc", settings.grpcPort),
        listen("http", settings.httpPort),
        input("otelcol.processor.memory_limiter"),
      ],
    },
    {
      name: "otelcol.processor.memory_limiter",
      label,
      attributes: memoryLimit,
      blocks: [input("otelcol.processor.transform")],
    },
    {
      name: "otelcol.processor.transform",
      label,
      attributes: { error_mode: "ignore" },
      blocks: [
        {
          name: "trace_statements",
          attributes: {
            context: "resource",
            statements: [
              `set(${attribute}, "${environment}") where ${attribute} == nil`,
              ...serviceStatements(services),
            ],
          },
        },
        input("otelcol.processor.batch"),
      ],
    },
    {
      name: "otelcol.processor.batch",
      label,
      attributes: batch,
      blocks: [input("otelcol.exporter.otlphttp")],
    },
    ...exporter(label, settings, passwordFile),
  ]);
}

function exporter(
  label: string,
  { url, tenant, user }: TracesSettings,
  passwordFile: string | undefined,
): Block[] {
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw new Error("user and passwordFile are given together or not at all");
  }
  const client: Block = {
    name: "client",
    attributes: {
      endpoint: url,
      auth: user === undefined ? undefined : reference(`otelcol.auth.basic.${label}_traces.handler`),
      headers: tenant === undefined ? undefined : object({ "X-Scope-OrgID": tenant }),
    },
  };
  const credentials =
    user === undefined || passwordFile === undefined ? [] : basicAuth(`${label}_traces`, user, passwordFile);
  return [
    ...credentials,
    {
      name: "otelcol.exporter.otlphttp",
      label,
      blocks: [
        client,
        { name: "retry_on_failure", attributes: retry },
        { name: "sending_queue", attributes: queue },
      ],
    },
  ];
}

/** Alloy takes the password as it is: without the newline that the file ends with. */
function basicAuth(label: string, username: string, filename: string): Block[] {
  const content = call("convert.nonsensitive", reference(`local.file.${label}_password.content`));
  return [
    { name: "local.file", label: `${label}_password`, attributes: { filename, is_secret: true } },
    {
      name: "otelcol.auth.basic",
      label,
      attributes: { username, password: call("string.trim_suffix", content, "\n") },
    },
  ];
}
