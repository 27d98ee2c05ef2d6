import { setTimeout as sleep } from "node:timers/promises";

/** How often a request is sent again after 429 or 5xx, and after how many milliseconds: as the official provider does. */
const retry = { times: 3, wait: 5_000 };

/** Grafana's HTTP API, for one server and one account. */
export interface Api {
  /** The address of the server, without a slash at the end. */
  url: string;
  /**
   * Sends a request and returns the answer's JSON; `undefined` when there is no such thing (404).
   * @param path below the server's address, such as `/api/folders`
   */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<unknown>;
}

/** @param auth `user:password`, a token, or `anonymous`, as in the official provider */
export function connect(address: string, auth: string): Api {
  const url = address.replace(/\/+$/, "");
  const account = authorization(auth);
  return {
    url,
    async send(method, path, body, headers = {}) {
      const request = {
        method,
        headers: { "Content-Type": "application/json", ...account, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      };
      const response = await patiently(url + path, request).catch((error: unknown) => {
        throw new Error(`${url} does not answer: ${reasonOf(error)}`);
      });
      const text = await response.text();
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`${method} ${path} failed with status ${response.status}: ${text}`);
      return text === "" ? {} : (JSON.parse(text) as unknown);
    },
  };
}

async function patiently(address: string, request: RequestInit): Promise<Response> {
  for (let again = retry.times; ; again--) {
    const response = await fetch(address, { ...request, signal: AbortSignal.timeout(60_000) });
    if (again === 0 || (response.status !== 429 && response.status < 500)) return response;
    await response.body?.cancel();
    await sleep(retry.wait);
  }
}

function authorization(auth: string): Record<string, string> {
  if (auth === "anonymous") return {};
  if (!auth.includes(":")) return { Authorization: `Bearer ${auth}` };
  return { Authorization: `Basic ${Buffer.from(auth).toString("base64")}` };
}

/** `fetch failed` says nothing; the cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
