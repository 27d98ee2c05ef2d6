import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A comment as GitHub's API tells it, as far as it is used here. */
export interface Comment {
  id: number;
  user: { login: string } | null;
  body: string;
}

/** A stand-in for the part of GitHub's API that comments on one pull request. */
export interface GitHubApi {
  url: string;
  comments: Comment[];
  /** Method and path of each request. */
  requests: string[];
  close(): void;
}

export const repository = "hut8/soar-profiling";
export const token = "token-of-the-workflow";

/** Starts it on loopback, for pull request 7. Its limits are GitHub's. */
export async function startGitHubApi(): Promise<GitHubApi> {
  const comments: Comment[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void answer(request).then(({ status, content }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
    });
  });
  const answer = async (request: IncomingMessage): Promise<{ status: number; content: unknown }> => {
    const url = new URL(request.url ?? "", "http://localhost");
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    const text = (await request.setEncoding("utf8").toArray()).join("");
    if (request.headers.authorization !== `Bearer ${token}`) {
      return { status: 401, content: { message: "Bad credentials" } };
    }
    const { body = "" } = (text === "" ? {} : JSON.parse(text)) as { body?: string };
    if (body.length > 65_536) {
      return { status: 422, content: { message: "Body is too long (maximum is 65536 characters)" } };
    }
    const issues = `/repos/${repository}/issues`;
    if (request.method === "GET" && url.pathname === `${issues}/7/comments`) {
      const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
      const start = (Number(url.searchParams.get("page") ?? 1) - 1) * size;
      return { status: 200, content: comments.slice(start, start + size) };
    }
    if (request.method === "POST" && url.pathname === `${issues}/7/comments`) {
      const comment = { id: 1000 + comments.length, user: { login: "github-actions[bot]" }, body };
      comments.push(comment);
      return { status: 201, content: comment };
    }
    const edited = comments.find(({ id }) => url.pathname === `${issues}/comments/${id}`);
    if (request.method !== "PATCH" || edited === undefined) {
      return { status: 404, content: { message: "Not Found" } };
    }
    edited.body = body;
    return { status: 200, content: edited };
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, comments, requests, close: () => server.close() };
}
