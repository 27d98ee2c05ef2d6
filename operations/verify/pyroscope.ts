import type { FlameGraph, PyroscopeQuery, TimeRange } from "../pyroscope-api";
import type { HostHttp, HttpAnswer } from "./http";

/** A question to Pyroscope; without a body it is a GET. */
export interface Question {
  path: string;
  /** Sent as JSON; bytes as a protobuf message, which is then what comes back. */
  body?: object | Buffer;
  /** How long the answer may take, in seconds. @default 20 */
  seconds?: number;
}

/** Where Pyroscope is, as the host sees it, and how it lets one in. */
export interface PyroscopeAddress {
  url: string;
  tenant?: string | undefined;
  user?: { name: string; password: string } | undefined;
  /** The authorities of its certificate, in PEM form. @default those that the host trusts */
  ca?: string | undefined;
}

/** A Pyroscope that is asked from the host, as Alloy asks it. */
export class Pyroscope {
  constructor(
    private readonly http: Pick<HostHttp, "ask">,
    readonly address: PyroscopeAddress,
  ) {}

  ask(questions: readonly Question[]): Promise<HttpAnswer[]> {
    const { url, tenant, user, ca } = this.address;
    return this.http.ask(
      questions.map(({ path, body, seconds }) => ({
        url: url.replace(/\/+$/, "") + path,
        headers: {
          ...(tenant === undefined ? {} : { "X-Scope-OrgID": tenant }),
          ...(body instanceof Buffer ? { "Content-Type": "application/proto" } : {}),
        },
        user,
        ca,
        ...(body === undefined ? {} : { body: body instanceof Buffer ? body : JSON.stringify(body) }),
        ...(seconds === undefined ? {} : { seconds }),
      })),
    );
  }
}

/** The same for one query at a time. */
export function queryOf(pyroscope: Pyroscope): PyroscopeQuery {
  return async (path, body) => parseJson((await pyroscope.ask([{ path, body }]))[0]);
}

export const querier = "/querier.v1.QuerierService";

/** A selector of series by their labels. */
export function selector(labels: Record<string, string>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",")}}`;
}

export function graphRequest(type: string, labels: Record<string, string>, range: TimeRange): Question {
  const body = { ...range, profileTypeID: type, labelSelector: selector(labels), maxNodes: 4096 };
  return { path: `${querier}/SelectMergeStacktraces`, body };
}

/**
 * The sums of each step and of each set of these labels.
 * @param step in seconds
 */
export function seriesRequest(
  type: string,
  labels: Record<string, string>,
  groupBy: readonly string[],
  range: TimeRange,
  step = 1,
): Question {
  const body = { ...range, profileTypeID: type, labelSelector: selector(labels), groupBy, step };
  return { path: `${querier}/SelectSeries`, body };
}

/** How all series of a time are named, whatever they are called. */
export function namesRequest(range: TimeRange): Question {
  const labelNames = ["service_name", "environment", "job", "__profile_type__"];
  return { path: `${querier}/Series`, body: { matchers: [], labelNames, ...range } };
}

export function statsRequest(): Question {
  return { path: `${querier}/GetProfileStats`, body: {} };
}

/** @throws Error with what Pyroscope answered instead */
export function bodyOf(answer: HttpAnswer | undefined): Buffer {
  if (answer === undefined) throw new Error("no answer");
  const { status, error, body } = answer;
  if (status === 0) throw new Error(error ?? "no answer");
  if (status !== 200) throw new Error(`status ${status}: ${body.toString().slice(0, 300)}`);
  return body;
}

/** @throws Error with what Pyroscope answered instead */
export function parseJson(answer: HttpAnswer | undefined): unknown {
  return JSON.parse(bodyOf(answer).toString()) as unknown;
}

export function parseGraph(answer: HttpAnswer | undefined): FlameGraph {
  const { flamegraph = {} } = parseJson(answer) as {
    flamegraph?: { names?: string[]; levels?: FlameGraph["levels"]; total?: string };
  };
  const { names = [], levels = [], total = "0" } = flamegraph;
  return { names, levels, total: Number(total) };
}

/** A set of labels, with the sum of its samples, the time of the last profile, in milliseconds, and what that one has. */
export interface StoredSeries {
  labels: Record<string, string>;
  sum: number;
  last: number;
  newest: number;
}

/** The same, with the seconds that have profiles, in milliseconds, the first one first. */
export interface TimedSeries extends StoredSeries {
  times: number[];
}

export function parseSeries(answer: HttpAnswer | undefined): TimedSeries[] {
  interface Point {
    timestamp?: string;
    value?: number;
  }
  const { series = [] } = parseJson(answer) as { series?: { labels?: LabelPair[]; points?: Point[] }[] };
  return series.map(({ labels, points = [] }) => {
    const times = points.map(({ timestamp = "0" }) => Number(timestamp)).sort((a, b) => a - b);
    const last = times.at(-1) ?? 0;
    return {
      labels: labelsOf(labels),
      sum: points.reduce((sum, { value = 0 }) => sum + value, 0),
      last,
      newest: points.find(({ timestamp }) => Number(timestamp) === last)?.value ?? 0,
      times,
    };
  });
}

interface LabelPair {
  name: string;
  value?: string;
}

export function parseLabels(answer: HttpAnswer | undefined): Record<string, string>[] {
  const { labelsSet = [] } = parseJson(answer) as { labelsSet?: { labels?: LabelPair[] }[] };
  return labelsSet.map(({ labels }) => labelsOf(labels));
}

function labelsOf(pairs: readonly LabelPair[] = []): Record<string, string> {
  return Object.fromEntries(pairs.map(({ name, value = "" }) => [name, value]));
}
