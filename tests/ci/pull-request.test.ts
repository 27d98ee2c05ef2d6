import { afterEach, beforeEach, expect, it } from "vitest";
import { putComment, type PullRequest } from "../../ci/pull-request";
import { repository, startGitHubApi, token, type GitHubApi } from "./github-api";

const marker = "<!-- ours -->";
let github: GitHubApi;
let pullRequest: PullRequest;

beforeEach(async () => {
  github = await startGitHubApi();
  pullRequest = { api: github.url, repository, number: 7, token };
});
afterEach(() => {
  github.close();
});

function othersComment(id: number, body = "Looks good"): void {
  github.comments.push({ id, user: { login: "a-reviewer" }, body });
}

it("creates the comment once, and edits it from then on", async () => {
  othersComment(1);
  await putComment(pullRequest, marker, `${marker}\nfirst`);
  await putComment(pullRequest, marker, `${marker}\nsecond`);
  expect(github.comments.map(({ body }) => body)).toEqual(["Looks good", `${marker}\nsecond`]);
  const list = `GET /repos/${repository}/issues/7/comments?per_page=100&page=1`;
  const created = `POST /repos/${repository}/issues/7/comments`;
  expect(github.requests).toEqual([list, created, list, `PATCH /repos/${repository}/issues/comments/1001`]);
});

it("writes nothing when the comment says so already", async () => {
  await putComment(pullRequest, marker, `${marker}\nsame`);
  github.requests.length = 0;
  await putComment(pullRequest, marker, `${marker}\nsame`);
  expect(github.requests.map((request) => request.split(" ")[0])).toEqual(["GET"]);
});

it("leaves others' comments alone: of a person, of a deleted account, and a quotation of ours", async () => {
  othersComment(1, `${marker}\ncopied`);
  github.comments.push({ id: 2, user: null, body: `${marker}\nof a ghost` });
  github.comments.push({
    id: 3,
    user: { login: "github-actions[bot]" },
    body: `> ${marker}\nanother workflow`,
  });
  const before = structuredClone(github.comments);
  await putComment(pullRequest, marker, `${marker}\nnew`);
  expect(github.comments.slice(0, 3)).toEqual(before);
  expect(github.comments[3]?.body).toBe(`${marker}\nnew`);
});

it.each([100, 101, 250])("finds the comment after %d others", async (count) => {
  for (let id = 1; id <= count; id++) othersComment(id);
  await putComment(pullRequest, marker, `${marker}\nfirst`);
  await putComment(pullRequest, marker, `${marker}\nsecond`);
  expect(github.comments.length).toBe(count + 1);
  expect(github.comments.at(-1)?.body).toBe(`${marker}\nsecond`);
});

it("says what GitHub refused, without the token", async () => {
  const put = putComment({ ...pullRequest, token: "expired-token" }, marker, marker);
  await expect(put).rejects.toThrow(
    'GitHub: GET issues/7/comments?per_page=100&page=1: status 401: {"message":"Bad credentials"}',
  );
  await expect(put).rejects.not.toThrow("expired-token");
});
