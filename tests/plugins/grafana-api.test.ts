import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connect } from "../../sandbox/plugins/grafana/api";

describe("Grafana's API", () => {
  let server: Server;
  let seen: string[];

  /** A server that answers with these, one after the other; its address. */
  async function answering(...statuses: number[]): Promise<string> {
    seen = [];
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const status = statuses[seen.length] ?? 200;
        seen.push(`${request.method} ${request.url} ${body}`);
        response.writeHead(status, { Connection: "close" }).end(`{"status":${status}}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("is asked again, in the same words, when it could not answer", async () => {
    const api = connect(await answering(500), "admin:admin");
    expect(await api.send("POST", "/api/folders", { uid: "a" })).toEqual({ status: 200 });
    expect(seen).toEqual(Array(2).fill('POST /api/folders {"uid":"a"}'));
  });

  it.each([
    [400, "GET /x failed with status 400"],
    [404, undefined],
  ] as const)("is not asked again after %d", async (status, message) => {
    const api = connect(await answering(status), "admin:admin");
    const sent = api.send("GET", "/x");
    if (message === undefined) expect(await sent).toBeUndefined();
    else await expect(sent).rejects.toThrow(message);
    expect(seen).toHaveLength(1);
  });
});
