import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A comment as GitHub's API tells it, as far as it is used here. */
export interface Comment {
  id: number;
  user: { login: string } | null;
  body: string;
}

/** An issue likewise. */
export interface Issue extends Comment {
  number: number;
  title: string;
  state: "open" | "closed";
  pull_request?: object;
}

/** A stand-in for the parts of GitHub's API that comment on one pull request, and keep issues. */
export interface GitHubApi {
  url: string;
  comments: Comment[];
  issues: Issue[];
  /** Method and path of each request. */
  requests: string[];
  /** Ends it. @throws Error where something was asked that it does not stand in for */
  close(): void;
}

export const repository = "hut8/soar-profiling";
export const token = "token-of-the-workflow";

/** Starts it on loopback, for pull request 7. Its limits are GitHub's. */
export async function startGitHubApi(): Promise<GitHubApi> {
  const comments: Comment[] = [];
  const issues: Issue[] = [];
  const unknown: string[] = [];
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
    const sent = (text === "" ? {} : JSON.parse(text)) as Partial<Issue>;
    const { body = "" } = sent;
    if (body.length > 65_536) {
      return { status: 422, content: { message: "Body is too long (maximum is 65536 characters)" } };
    }
    const base = `/repos/${repository}/issues`;
    const page = <T>(all: readonly T[]): T[] => {
      const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
      const start = (Number(url.searchParams.get("page") ?? 1) - 1) * size;
      return all.slice(start, start + size);
    };
    if (request.method === "GET" && url.pathname === base) {
      const state = url.searchParams.get("state") ?? "open";
      return { status: 200, content: page(issues.filter((issue) => issue.state === state)) };
    }
    if (request.method === "POST" && url.pathname === base) {
      const [id, number] = [2000 + issues.length, 100 + issues.length];
      const { title = "" } = sent;
      const issue: Issue = { id, number, user: { login: "github-actions[bot]" }, title, body, state: "open" };
      issues.push(issue);
      return { status: 201, content: issue };
    }
    const issue = issues.find(({ number }) => url.pathname === `${base}/${number}`);
    if (request.method === "PATCH" && issue !== undefined) {
      return { status: 200, content: Object.assign(issue, sent) };
    }
    if (request.method === "GET" && url.pathname === `${base}/7/comments`) {
      return { status: 200, content: page(comments) };
    }
    if (request.method === "POST" && url.pathname === `${base}/7/comments`) {
      const comment = { id: 1000 + comments.length, user: { login: "github-actions[bot]" }, body };
      comments.push(comment);
      return { status: 201, content: comment };
    }
    const edited = comments.find(({ id }) => url.pathname === `${base}/comments/${id}`);
    if (request.method !== "PATCH" || edited === undefined) {
      unknown.push(`${request.method} ${url.pathname}`);
      return { status: 404, content: { message: "Not Found" } };
    }
    edited.body = body;
    return { status: 200, content: edited };
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    if (unknown.length > 0) throw new Error(`asked of GitHub, and not known here: ${unknown.join(", ")}`);
  };
  return { url: `http://127.0.0.1:${port}`, comments, issues, requests, close };
}
