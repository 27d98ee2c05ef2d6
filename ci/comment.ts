import { marker, renderComment } from "./comment-body";
import { repositoryOfRun, runUrl, variable } from "./github";
import { main } from "./main";
import { putComment } from "./pull-request";
import { type PreviewReport, readReport } from "./report";

// `comment.ts DIRECTORY STACK...`: the reports of these stacks in the pull request's comment. PULL_REQUEST is its number,
// HEAD_COMMIT the commit that was pushed to it.
main(async ([directory, ...stacks]) => {
  if (directory === undefined || stacks.length === 0) throw new Error("usage: comment.ts DIRECTORY STACK...");
  const reports = new Map<string, PreviewReport | undefined>();
  for (const stack of stacks) reports.set(stack, await readReport<PreviewReport>(directory, stack));
  await putComment(
    { ...repositoryOfRun(), number: Number(variable("PULL_REQUEST")) },
    marker,
    renderComment(reports, { commit: variable("HEAD_COMMIT"), runUrl: runUrl() }),
  );
});
