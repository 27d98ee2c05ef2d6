/** A repository on GitHub, as a workflow's steps know it. */
export interface Repository {
  /** The address of the API, without a slash at its end. */
  api: string;
  /** `owner/name`. */
  repository: string;
  token: string;
}

/** Who writes with a workflow's own token. GitHub gives no one else this name. */
export const author = "github-actions[bot]";

const pageSize = 100;

/** The repository that the workflow is of, by the environment of a step. */
export function repositoryOfRun(): Repository {
  return {
    api: variable("GITHUB_API_URL"),
    repository: variable("GITHUB_REPOSITORY"),
    token: variable("GITHUB_TOKEN"),
  };
}

/** The address of the run, which has all that was printed. */
export function runUrl(): string {
  const repository = variable("GITHUB_REPOSITORY");
  return `${variable("GITHUB_SERVER_URL")}/${repository}/actions/runs/${variable("GITHUB_RUN_ID")}`;
}

/** @throws Error where it is not set */
export function variable(name: string): string {
  const value = process.env[name] ?? "";
  if (value === "") throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/**
 * The first that is meant, of all pages of a list.
 * @param path of the list, with or without a query
 */
export async function findIn<T>(
  to: Repository,
  path: string,
  isMeant: (item: T) => boolean,
): Promise<T | undefined> {
  for (let page = 1; ; page++) {
    const query = `${path.includes("?") ? "&" : "?"}per_page=${pageSize}&page=${page}`;
    const items = (await request(to, "GET", path + query)) as T[];
    const found = items.find(isMeant);
    if (found !== undefined || items.length < pageSize) return found;
  }
}

/**
 * One call of the API.
 * @param path below that of the repository
 * @throws Error with what GitHub says
 */
export async function request(
  { api, repository, token }: Repository,
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
