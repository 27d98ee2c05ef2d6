import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";

/*
 * The repository's HTTP server. As a process of its own it runs until it gets SIGTERM:
 *
 *   node --require tsx/cjs sandbox/packages/server.ts ADDRESS PORT DIRECTORY
 *
 * It prints one line when it listens and one for each request, which belongs in a file: a pipe would end it together
 * with its reader. When it cannot listen, it says why and exits with 1.
 */

/**
 * Serves the files below `directory`, read-only, on `address` and `port` (0: any that is free). Resolves when it
 * listens. What lies outside the directory, also behind a symbolic link, does not exist for it.
 *
 * @param log is told of each request: method, path, status
 */
export function serveRepository(
  directory: string,
  address: string,
  port: number,
  log: (line: string) => void = () => undefined,
): Promise<Server> {
  const server = createServer((request, response) => {
    response.on("close", () => {
      log(`${request.method} ${request.url} ${response.statusCode}`);
    });
    answer(directory, request, response).catch((error: unknown) => {
      // Most likely the client has gone; if not, it must not take a cut-off file for a whole one.
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      server.removeListener("error", reject);
      resolve(server);
    });
  });
}

async function answer(directory: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const file = await findFile(directory, request.url ?? "/");
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-length": file.size, "content-type": "application/octet-stream" });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(file.path), response);
}

/** The regular file that a request names, or undefined when there is none below the directory. */
async function findFile(directory: string, url: string): Promise<{ path: string; size: number } | undefined> {
  try {
    const root = await realpath(directory);
    const wanted = decodeURIComponent(url.replace(/[?#].*$/s, ""));
    const file = await realpath(path.join(root, wanted));
    const status = await stat(file);
    return status.isFile() && file.startsWith(root + path.sep)
      ? { path: file, size: status.size }
      : undefined;
  } catch {
    return undefined; // Missing, or not a path at all.
  }
}

async function main(args: readonly string[]): Promise<void> {
  const [address, port, directory] = args;
  if (address === undefined || directory === undefined || !/^\d+$/.test(port ?? "") || args.length !== 3) {
    throw new Error("usage: server ADDRESS PORT DIRECTORY");
  }
  await serveRepository(directory, address, Number(port), (line) => {
    console.log(line);
  });
  console.log(`serving ${directory} on http://${address}:${port}`);
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
