import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";

/** What Alloy sent to a remote Pyroscope. */
export interface Push {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * A remote Pyroscope that takes every push and remembers it. Ends with the test file.
 * @param tls its key and certificate, in PEM form; without, it is plain HTTP
 */
export async function recordPushes(
  address: string,
  port: number,
  tls?: { key: string; cert: string },
): Promise<{ url: string; next: (isWanted: (push: Push) => boolean) => Promise<Push> }> {
  const pushes: Push[] = [];
  const take: RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      pushes.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts) });
      response
        .writeHead(200, { "Content-Type": request.headers["content-type"] ?? "application/proto" })
        .end();
    });
  };
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  server.listen(port, address);
  await once(server, "listening");
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const next = async (isWanted: (push: Push) => boolean): Promise<Push> => {
    const from = pushes.length;
    for (let attempt = 0; attempt < 600; attempt++) {
      const found = pushes.slice(from).find(isWanted);
      if (found !== undefined) return found;
      await sleep(100);
    }
    throw new Error(`none of ${pushes.length - from} pushes within a minute is the one`);
  };
  return { url: `${tls === undefined ? "http" : "https"}://${address}:${port}`, next };
}
