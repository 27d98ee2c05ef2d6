import { author, findIn, type Repository, request } from "./github";

/** What an issue says. */
export interface IssueText {
  title: string;
  body: string;
}

/** The parts of an issue that are used here. */
interface Issue extends IssueText {
  number: number;
  user: { login: string } | null;
  /** GitHub lists pull requests among the issues. */
  pull_request?: object;
}

/**
 * Keeps the one open issue whose body starts with the marker: opens it, edits it in place, or closes it when there is nothing
 * more to say. Others' issues stay as they are, also with the same text.
 * @param text where nothing is to be told, undefined
 * @param isSame whether the open issue says the same already, so that it is left alone
 */
export async function keepIssue(
  repository: Repository,
  marker: string,
  text: IssueText | undefined,
  isSame: (body: string) => boolean,
): Promise<"opened" | "edited" | "closed" | "left alone"> {
  const ours = await findIn<Issue>(
    repository,
    "issues?state=open",
    ({ user, body, pull_request: pull }) =>
      pull === undefined && user?.login === author && (body as string | null)?.startsWith(marker) === true,
  );
  if (text === undefined) {
    if (ours === undefined) return "left alone";
    await request(repository, "PATCH", `issues/${ours.number}`, {
      state: "closed",
      state_reason: "completed",
    });
    return "closed";
  }
  if (ours === undefined) {
    await request(repository, "POST", "issues", text);
    return "opened";
  }
  if (isSame(ours.body)) return "left alone";
  await request(repository, "PATCH", `issues/${ours.number}`, text);
  return "edited";
}
