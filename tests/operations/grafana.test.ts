import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HostHttp } from "../../operations/verify/http";
import { checkGrafana } from "../../operations/verify/grafana";
import { accepted } from "../config/sample";

const there: Record<string, object> = {
  "production-pyroscope": { url: "http://127.0.0.1:4040", type: "grafana-pyroscope-datasource" },
  "production-tempo": { url: "http://127.0.0.1:9", type: "tempo" },
  theirs: { url: "http://loki.example", type: "loki" },
};

let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const found = there[request.url?.replace("/api/datasources/uid/", "") ?? ""];
    response.writeHead(found === undefined ? 404 : 200, { Connection: "close" });
    response.end(JSON.stringify(found ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

/** What is found of datasources, which are asked for from here. */
async function found(datasources: object): Promise<string[]> {
  const settings = accepted({ grafana: { url, datasources } }, new Set(["grafanaAuth"]));
  const http = new HostHttp(() => Promise.reject(new Error("there is no tunnel")));
  const platform = { environment: "production" } as never;
  const checks = await checkGrafana({ settings, secrets: { grafanaAuth: "admin:x" }, platform }, http);
  return checks.map(({ name, state, detail }) => `${state} ${name}: ${detail}`);
}

test("a datasource of the stack's own is known by its address, and one of others by its type", async () => {
  expect(await found({ tempo: "http://127.0.0.1:3200", loki: { uid: "theirs" } })).toEqual([
    "ok datasource production-pyroscope: http://127.0.0.1:4040",
    "broken datasource production-tempo: points at http://127.0.0.1:9, and http://127.0.0.1:3200 is declared",
    "ok datasource theirs: loki",
  ]);
  expect(await found({ pyroscope: { uid: "theirs" }, loki: { uid: "gone" } })).toEqual([
    "broken datasource theirs: is of type loki, not grafana-pyroscope-datasource",
    "broken datasource gone: Grafana has no such datasource",
  ]);
});
