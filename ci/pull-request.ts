/** A pull request on GitHub, as a workflow's steps know it. */
export interface PullRequest {
  /** The address of the API, without a slash at its end. */
  api: string;
  /** `owner/name`. */
  repository: string;
  number: number;
  token: string;
}

/** The parts of a comment that are used here. */
interface Comment {
  id: number;
  body: string;
  user: { login: string } | null;
}

/** Who writes with a workflow's own token. GitHub gives no one else this name. */
const author = "github-actions[bot]";

const pageSize = 100;

/**
 * Puts a text into the pull request's one comment that starts with the marker: edits it, or creates it when there is none.
 * Others' comments stay as they are, also with the same text.
 */
export async function putComment(pullRequest: PullRequest, marker: string, body: string): Promise<void> {
  const ours = await findComment(pullRequest, marker);
  if (ours === undefined)
    await request(pullRequest, "POST", `issues/${pullRequest.number}/comments`, { body });
  else if (ours.body !== body) await request(pullRequest, "PATCH", `issues/comments/${ours.id}`, { body });
}

async function findComment(pullRequest: PullRequest, marker: string): Promise<Comment | undefined> {
  for (let page = 1; ; page++) {
    const query = `per_page=${pageSize}&page=${page}`;
    const path = `issues/${pullRequest.number}/comments?${query}`;
    const comments = (await request(pullRequest, "GET", path)) as Comment[];
    const ours = comments.find(({ user, body }) => user?.login === author && body.startsWith(marker));
    if (ours !== undefined || comments.length < pageSize) return ours;
  }
}

async function request(
  { api, repository, token }: PullRequest,
  method: "GET" | "POST" | "PATCH",
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${api}/repos/${repository}/${path}`, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "x-github-api-version": "2022-11-28",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) {
    throw new Error(`GitHub: ${method} ${path}: status ${response.status}: ${await response.text()}`);
  }
  return response.json();
}
