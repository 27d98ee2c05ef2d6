import { hostPort } from "../../config/ports";
import type { OtlpPorts } from "../../config/otlp";
import { managedBy } from "../header";
import { environmentLabel } from "./label";
import { logRecordBlocks, type LogRecordsArgs } from "./log-records";
import { type Block, reference, renderAlloy } from "./syntax";
import { spanBlocks, type SpansArgs } from "./traces";

export interface OtlpArgs {
  /** Part of the component names, and the environment of spans and log records that have none. */
  readonly environment: string;
  /** That of spans and log records that have none, where there are several. @default none is added */
  readonly host?: string | undefined;
  readonly ports: OtlpPorts;
  /** @default spans are not taken */
  readonly spans?: SpansArgs | undefined;
  /** @default log records are not taken: a sender gets 404 */
  readonly records?: LogRecordsArgs | undefined;
}

/** Above it Alloy refuses what comes, and its senders try again: what waits for a server must not take the host's memory. */
const memoryLimit = { check_interval: "1s", limit: "512MiB", spike_limit: "128MiB" };

/**
 * Renders what comes by OTLP: one receiver on loopback, memory-limited, and the ways on of spans and of log records.
 * @throws Error when only one of a user and its passwordFile is given
 */
export function renderOtlp({ environment, host, ports, spans, records }: OtlpArgs): string {
  const label = environmentLabel(environment);
  const place = { environment, host };
  // An upper-case letter: no other environment's label has one.
  const recordsLabel = `${label}_LOGS`;
  const listen = (name: string, port: number): Block => ({
    name,
    attributes: { endpoint: hostPort("127.0.0.1", port) },
  });
  const output = (logs: string, traces: string): Block => ({
    name: "output",
    attributes: {
      logs: records === undefined ? undefined : [reference(`${logs}.input`)],
      traces: spans === undefined ? undefined : [reference(`${traces}.input`)],
    },
  });
  const limiter = `otelcol.processor.memory_limiter.${label}`;
  const transform = "otelcol.processor.transform";
  return renderAlloy(managedBy(environment), [
    {
      name: "otelcol.receiver.otlp",
      label,
      blocks: [listen("grpc", ports.grpcPort), listen("http", ports.httpPort), output(limiter, limiter)],
    },
    {
      name: "otelcol.processor.memory_limiter",
      label,
      attributes: memoryLimit,
      blocks: [output(`${transform}.${recordsLabel}`, `${transform}.${label}`)],
    },
    ...(spans === undefined ? [] : spanBlocks(place, label, spans)),
    ...(records === undefined ? [] : logRecordBlocks(place, recordsLabel, records)),
  ]);
}
