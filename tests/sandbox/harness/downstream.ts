import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sshHost } from "../../../sandbox/host/host";
import type { TestStack } from "./stack";

/** A service for the settings whose unit runs only while a test writes with it; its profiles are never there. */
export const probe = { name: "probe", port: 9190, unit: "soar\\x2dprobe@1.service" };

/** Asks a server on the host's loopback; undefined when it does not answer, or has nothing of that name. */
async function ask(stack: TestStack, url: string, parameters: Record<string, string>): Promise<unknown> {
  const { code, stdout } = await sshHost(
    stack.host,
    `curl -sS -f -m 10 '${url}?${String(new URLSearchParams(parameters))}'`,
    { shared: true },
  );
  return code === 0 ? JSON.parse(stdout) : undefined;
}

/** Nanoseconds since the epoch. */
const time = (milliseconds: number): string => `${milliseconds}000000`;
const hour = 3_600_000;

/** The lines in Loki that match a selector, with the last hours, in the order of their times. */
export async function linesInLoki(stack: TestStack, selector: string): Promise<string[]> {
  const range = { start: time(Date.now() - 30 * hour), end: time(Date.now() + hour) };
  const answer = (await ask(stack, "http://127.0.0.1:3100/loki/api/v1/query_range", {
    query: selector,
    limit: "5000",
    direction: "forward",
    ...range,
  })) as { data: { result: { values: [string, string][] }[] } } | undefined;
  const values = (answer?.data.result ?? []).flatMap((stream) => stream.values);
  return values.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

/** The labels of every stream in Loki. */
export async function streamsInLoki(stack: TestStack): Promise<Record<string, string>[]> {
  const range = { start: time(Date.now() - 30 * hour), end: time(Date.now() + hour) };
  const answer = (await ask(stack, "http://127.0.0.1:3100/loki/api/v1/series", range)) as
    { data: Record<string, string>[] } | undefined;
  return answer?.data ?? [];
}

/** Waits until a text is a line in Loki; returns all lines of the selector. */
export async function awaitLine(
  stack: TestStack,
  selector: string,
  text: string,
  seconds = 60,
): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const lines = await linesInLoki(stack, selector);
    if (lines.includes(text)) return lines;
    if (Date.now() > deadline) throw new Error(`no line "${text}" in Loki within ${seconds} s`);
    await sleep(500);
  }
}

/** Lets a unit of this name, which ends at once, write lines, such as `<4>warning` or `info`. */
export async function writeJournal(stack: TestStack, unit: string, ...lines: string[]): Promise<void> {
  const { code, stderr } = await sshHost(
    stack.host,
    `cat >/run/lines && systemd-run -q --wait --collect --unit='${unit}' cat /run/lines && journalctl --sync`,
    { input: lines.map((line) => `${line}\n`).join(""), shared: true },
  );
  if (code !== 0) throw new Error(stderr);
}

/** Sends a span to an OTLP/HTTP receiver on the host; returns the trace's id. */
export async function sendSpan(
  stack: TestStack,
  port: number,
  attributes: Record<string, string>,
): Promise<string> {
  const traceId = randomBytes(16).toString("hex");
  const now = Date.now();
  const span = {
    traceId,
    spanId: randomBytes(8).toString("hex"),
    name: "test",
    kind: 1,
    startTimeUnixNano: time(now - 10),
    endTimeUnixNano: time(now),
  };
  const resource = {
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  const command = `curl -sS -f -H 'Content-Type: application/json' --data-binary @- http://127.0.0.1:${port}/v1/traces`;
  const { code, stderr } = await sshHost(stack.host, command, { input: body, shared: true });
  if (code !== 0) throw new Error(stderr);
  return traceId;
}

/** Sends log records to an OTLP/HTTP receiver on the host: texts, each with the number of its severity. */
export async function sendRecords(
  stack: TestStack,
  port: number,
  service: string,
  records: Readonly<Record<string, number>>,
): Promise<void> {
  const logRecords = Object.entries(records).map(([stringValue, severityNumber]) => ({
    timeUnixNano: time(Date.now()),
    severityNumber,
    body: { stringValue },
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  const input = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
  const command = `curl -sS -f -H 'Content-Type: application/json' --data-binary @- http://127.0.0.1:${port}/v1/logs`;
  const { code, stderr } = await sshHost(stack.host, command, { input, shared: true });
  if (code !== 0) throw new Error(stderr);
}

/** As Tempo tells it. */
export interface Trace {
  batches: { resource: { attributes: { key: string; value: { stringValue?: string } }[] } }[];
}

/** Of the first resource of a trace. */
export function attributesOf({ batches }: Trace): Record<string, string | undefined> {
  const attributes = batches[0]?.resource.attributes ?? [];
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

/** The resource attributes of a trace, once it is in Tempo. */
export async function awaitTrace(
  stack: TestStack,
  traceId: string,
  seconds = 60,
): Promise<Record<string, string | undefined>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const trace = (await ask(stack, `http://127.0.0.1:3200/api/traces/${traceId}`, {})) as Trace | undefined;
    if (trace?.batches[0] !== undefined) return attributesOf(trace);
    if (Date.now() > deadline) throw new Error(`no trace ${traceId} in Tempo within ${seconds} s`);
    await sleep(500);
  }
}

/** The ids of traces in Tempo that have a resource or span attribute. */
export async function tracesInTempo(stack: TestStack, key: string, value: string): Promise<string[]> {
  const answer = (await ask(stack, "http://127.0.0.1:3200/api/search", {
    tags: `${key}=${value}`,
    limit: "20",
  })) as { traces?: { traceID: string }[] } | undefined;
  return (answer?.traces ?? []).map(({ traceID }) => traceID);
}
