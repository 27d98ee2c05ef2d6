import { author, findIn, type Repository, request } from "./github";

/** A pull request on GitHub. */
export interface PullRequest extends Repository {
  number: number;
}

/** The parts of a comment that are used here. */
interface Comment {
  id: number;
  body: string;
  user: { login: string } | null;
}

/**
 * Puts a text into the pull request's one comment that starts with the marker: edits it, or creates it when there is none.
 * Others' comments stay as they are, also with the same text.
 */
export async function putComment(pullRequest: PullRequest, marker: string, body: string): Promise<void> {
  const comments = `issues/${pullRequest.number}/comments`;
  const ours = await findIn<Comment>(
    pullRequest,
    comments,
    ({ user, body: text }) => user?.login === author && text.startsWith(marker),
  );
  if (ours === undefined) await request(pullRequest, "POST", comments, { body });
  else if (ours.body !== body) await request(pullRequest, "PATCH", `issues/comments/${ours.id}`, { body });
}
