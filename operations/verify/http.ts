import { readFileSync } from "node:fs";
import * as path from "node:path";

/** Runs a command on the host with a standard input; returns what it printed, to the byte. */
export type RunOnHost = (command: string, input: string) => Promise<Buffer>;

/** A request as it is made on the host. */
export interface HttpRequest {
  url: string;
  /** @default {} */
  headers?: Record<string, string>;
  /** For basic authentication; never part of a command line. */
  user?: { name: string; password: string } | undefined;
  /** The authorities of the certificate, in PEM form. @default those that the host trusts */
  ca?: string | undefined;
  /** The certificate is not checked. @default false */
  insecureSkipVerify?: boolean;
  /** With it, it is a POST: JSON as a text, or any bytes whose `Content-Type` is among the headers. */
  body?: string | Buffer;
  /** How long one answer may take, in seconds. @default 20 */
  seconds?: number;
  /** For how long a 503 is asked again, in seconds. @default not at all */
  busySeconds?: number;
}

/** What came. */
export interface HttpAnswer {
  /** 0 where there was none. */
  status: number;
  contentType: string;
  /** In seconds. */
  took: number;
  body: Buffer;
  /** Why there was none, in curl's words. */
  error: string | undefined;
  /** Nothing listens there. */
  isRefused: boolean;
  /** It listens, and did not answer to its end in time. */
  isTooLate: boolean;
}

/** How many are asked at once: each is a process on the host. */
const atOnce = 100;

/** curl's exit status where a connection is refused, and where it took too long. */
const refused = 7;
const tooLate = 28;

const prelude = readFileSync(path.join(__dirname, "http.sh"), "utf8");

/** Asks over HTTP from the host, as the services there do: many at once by one command, in one SSH session. */
export class HostHttp {
  constructor(private readonly run: RunOnHost) {}

  /** The answers in the order of the requests. */
  async ask(requests: readonly HttpRequest[]): Promise<HttpAnswer[]> {
    if (requests.length === 0) return [];
    return parseAnswers(await this.run("sh -s", script(requests)), requests.length);
  }

  async get(url: string): Promise<HttpAnswer> {
    const [answer] = await this.ask([{ url }]);
    if (answer === undefined) throw new Error("no answer to a request");
    return answer;
  }
}

/** The text that is sent to `sh -s`. */
export function script(requests: readonly HttpRequest[]): string {
  const lines = requests.flatMap((request, number) => [
    ...(request.body === undefined ? [] : [...dataLines(request.body, number), "end of data"]),
    ...(request.ca === undefined
      ? []
      : [`cat >${number}.ca <<'end of certificates'`, request.ca, "end of certificates"]),
    `ask ${number} ${request.busySeconds ?? 0} <<'end of request' &`,
    ...curlConfig(request, number),
    "end of request",
    ...((number + 1) % atOnce === 0 ? ["wait"] : []),
  ]);
  const numbers = requests.map((_, number) => `tell ${number}`);
  return [prelude, ...lines, "wait", ...numbers, ""].join("\n");
}

/** A shell's text cannot hold all bytes. */
function dataLines(body: string | Buffer, number: number): string[] {
  if (typeof body === "string") return [`cat >${number}.data <<'end of data'`, body];
  return [`base64 -d >${number}.data <<'end of data'`, body.toString("base64")];
}

function curlConfig(request: HttpRequest, number: number): string[] {
  const { url, headers = {}, user, body, seconds = 20 } = request;
  const option = (name: string, value: string): string =>
    `${name} = "${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const all = typeof body === "string" ? { "Content-Type": "application/json", ...headers } : headers;
  return [
    option("url", url),
    ...Object.entries(all).map(([name, value]) => option("header", `${name}: ${value}`)),
    ...(user === undefined ? [] : [option("user", `${user.name}:${user.password}`)]),
    ...(request.insecureSkipVerify === true ? ["insecure"] : []),
    ...(request.ca === undefined ? [] : [option("cacert", `${number}.ca`)]),
    ...(body === undefined ? [] : [option("data-binary", `@${number}.data`)]),
    option("max-time", String(seconds)),
    // As its own environment may say for other places.
    option("noproxy", "127.0.0.1,localhost,::1"),
  ];
}

/** What `tell` printed for each request. */
export function parseAnswers(printed: Buffer, count: number): HttpAnswer[] {
  let position = 0;
  const take = (length: number): Buffer => {
    const end = position + length;
    if (end > printed.length) throw new Error("the host's answer was cut off");
    return printed.subarray(position, (position = end));
  };
  return Array.from({ length: count }, (_, number) => {
    const newline = printed.indexOf("\n", position);
    const line = newline < 0 ? "" : take(newline - position + 1).toString();
    const match = /^(\d+) (\d+) (\d+) (\d+) (\d+) ([\d.]+) (.*)\n$/.exec(line);
    if (match === null || Number(match[1]) !== number) {
      throw new Error(`the host answered otherwise than by HTTP answers: ${line.trim() || "nothing"}`);
    }
    const [, , exit, bodyBytes, errorBytes, status, took, contentType = ""] = match;
    const body = Buffer.from(take(Number(bodyBytes)));
    const error = take(Number(errorBytes)).toString().trim();
    return {
      status: Number(status),
      contentType: contentType.trim(),
      took: Number(took),
      body,
      error: exit === "0" ? undefined : error.replace(/^curl: /, ""),
      isRefused: Number(exit) === refused,
      isTooLate: Number(exit) === tooLate,
    };
  });
}
