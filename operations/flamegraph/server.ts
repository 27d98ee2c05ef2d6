import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

/** A profile that speedscope shows. */
export interface ShownProfile {
  /** The file's name, such as `soar-run.cpu.pb.gz`. */
  name: string;
  /** What the page is called. */
  title: string;
  content: Buffer;
}

/** A page that is served. */
export interface Page {
  /** Where a browser finds it, as often as it asks. */
  url: string;
  /** Leads there whoever asks first, and nobody after that: for a command line, which everybody on the machine can read. */
  once: string;
  end(): Promise<void>;
}

/** The web page of the npm package speedscope. */
const release = path.join(path.dirname(require.resolve("speedscope/package.json")), "dist", "release");

/** Equal stacks side by side: merged profiles are in no order of time. */
const view = "left-heavy";

const types: Record<string, string> = {
  ".css": "text/css",
  ".gz": "application/octet-stream",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** The browser keeps nothing of it, and tells no other page where it was. */
const discreet = { "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" };

function newPath(): string {
  return `/${randomBytes(16).toString("hex")}/`;
}

/**
 * Serves speedscope's page and a profile on loopback, at a free port. The path begins with random characters, so that no
 * other page in the browser, and no other program, can guess where the profile is.
 */
export async function servePage(profile: ShownProfile): Promise<Page> {
  const [secret, ticket] = [newPath(), newPath()];
  const shown = { profileURL: profile.name, title: profile.title, view };
  const hash = Object.entries(shown).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const page = `${secret}#${hash.join("&")}`;
  let isUsed = false;
  const assets = new Set(await readdir(release));
  const contentOf = async (name: string): Promise<Buffer | undefined> => {
    if (name === profile.name) return profile.content;
    return assets.has(name) ? readFile(path.join(release, name)) : undefined;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== "GET") {
      response.writeHead(405, { Allow: "GET" }).end();
      return;
    }
    const [at = ""] = (request.url ?? "").split("?");
    if (at === ticket && !isUsed) {
      isUsed = true;
      response.writeHead(303, { ...discreet, Location: page }).end();
      return;
    }
    const name = at === secret ? "index.html" : at.slice(secret.length);
    const content = at.startsWith(secret) ? await contentOf(name) : undefined;
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const headers = {
      "Content-Type": types[path.extname(name)] ?? "text/plain; charset=utf-8",
      "Content-Length": content.length,
      "X-Content-Type-Options": "nosniff",
      ...discreet,
    };
    response.writeHead(200, headers).end(content);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    url: origin + page,
    once: origin + ticket,
    end: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
