import type { TracesSettings } from "../../config/settings";
import { type Account, accountOf } from "./account";
import { batch } from "./batch";
import { type Block, call, object, reference } from "./syntax";
import { type NamedService, serviceStatements } from "./telemetry-names";

/** Where what comes by OTLP is from. */
export interface Place {
  readonly environment: string;
  /** Where there are several. */
  readonly host: string | undefined;
}

export interface SpansArgs {
  /** In any order. */
  readonly services: readonly NamedService[];
  /** Where to. */
  readonly settings: TracesSettings;
  /** File on the host that holds the user's password and a newline; required with `settings.user`. */
  readonly passwordFile?: string | undefined;
}

/** Five minutes of batches wait for a Tempo that is away. */
const retry = { max_elapsed_time: "5m" };
const queue = { queue_size: 300 };

/**
 * The way of spans to Tempo, from a component that takes them in as `otelcol.processor.transform.<label>`: with the
 * environment and the name of the service in profiles, in batches, OTLP/HTTP out.
 * @throws Error when only one of user and passwordFile is given
 */
export function spanBlocks(
  { environment, host }: Place,
  label: string,
  { services, settings, passwordFile }: SpansArgs,
): Block[] {
  const input = (component: string): Block => ({
    name: "output",
    attributes: { traces: [reference(`${component}.${label}.input`)] },
  });
  const attribute = `attributes["deployment.environment"]`;
  return [
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
              ...hostStatements(host),
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
  ];
}

/** The host that a sender tells is kept. */
export function hostStatements(host: string | undefined): string[] {
  const attribute = `attributes["host"]`;
  return host === undefined ? [] : [`set(${attribute}, "${host}") where ${attribute} == nil`];
}

function exporter(
  label: string,
  { url, tenant, user }: TracesSettings,
  passwordFile: string | undefined,
): Block[] {
  const account = accountOf(user, passwordFile);
  const client: Block = {
    name: "client",
    attributes: {
      endpoint: url,
      auth: account === undefined ? undefined : reference(`otelcol.auth.basic.${label}_traces.handler`),
      headers: tenant === undefined ? undefined : object({ "X-Scope-OrgID": tenant }),
    },
  };
  const credentials = account === undefined ? [] : basicAuth(`${label}_traces`, account);
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
function basicAuth(label: string, { username, password_file: filename }: Account): Block[] {
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
