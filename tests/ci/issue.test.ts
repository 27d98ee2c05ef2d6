import { afterEach, beforeEach, expect, it } from "vitest";
import type { Repository } from "../../ci/github";
import { keepIssue } from "../../ci/issue";
import { type GitHubApi, type Issue, repository, startGitHubApi, token } from "./github-api";

const marker = "<!-- ours of prod ";
const text = { title: "Drift", body: `${marker}1 -->\nfirst` };
let github: GitHubApi;
let to: Repository;

beforeEach(async () => {
  github = await startGitHubApi();
  to = { api: github.url, repository, token };
});
afterEach(() => {
  github.close();
});

const keep = (wished: typeof text | undefined): ReturnType<typeof keepIssue> =>
  keepIssue(to, marker, wished, (body) => body === wished?.body);
const methods = (): string[] => github.requests.map((request) => request.split(" ")[0] ?? "");

it("opens one issue, leaves it alone, edits it in place, closes it; and opens another the next time", async () => {
  expect(await keep(text)).toBe("opened");
  expect(await keep(text)).toBe("left alone");
  const other = { title: "Drift of something else", body: `${marker}2 -->\nsecond` };
  expect(await keep(other)).toBe("edited");
  expect(github.issues).toMatchObject([{ number: 100, ...other, state: "open" }]);
  expect(await keep(undefined)).toBe("closed");
  expect(await keep(undefined)).toBe("left alone");
  expect(github.issues).toMatchObject([{ state: "closed", state_reason: "completed" }]);
  expect(methods()).toEqual(["GET", "POST", "GET", "GET", "PATCH", "GET", "PATCH", "GET"]);
  expect(await keep(text)).toBe("opened");
  expect(github.issues.map(({ state }) => state)).toEqual(["closed", "open"]);
});

it("takes no issue of a person, no pull request and no quotation for ours, and none without a text", async () => {
  const bot = { login: "github-actions[bot]" };
  const other = (changes: Partial<Issue>): Issue => ({
    id: 1,
    number: 1,
    title: "Drift",
    user: bot,
    body: text.body,
    state: "open",
    ...changes,
  });
  github.issues.push(
    other({ user: { login: "a-person" } }),
    other({ number: 2, user: null }),
    other({ number: 3, pull_request: {} }),
    other({ number: 4, body: `> ${text.body}` }),
    other({ number: 5, body: null as unknown as string }),
  );
  const before = structuredClone(github.issues);
  expect(await keep(undefined)).toBe("left alone");
  expect(await keep(text)).toBe("opened");
  expect(github.issues.slice(0, 5)).toEqual(before);
});

it.each([100, 101, 250])("finds ours behind %d others", async (count) => {
  for (let number = 1; number <= count; number++) {
    github.issues.push({ id: number, number, title: "", user: null, body: "", state: "open" });
  }
  await keep(text);
  expect(await keep(text)).toBe("left alone");
});
