import { driftMarker, renderDrift, tells } from "./drift-report";
import { repositoryOfRun, runUrl } from "./github";
import { keepIssue } from "./issue";
import { main } from "./main";
import { type DriftReport, readReport } from "./report";

// `drift-issue.ts DIRECTORY STACK...`: keeps one issue for each of these stacks that is not as it was deployed.
main(async ([directory, ...stacks]) => {
  if (directory === undefined || stacks.length === 0)
    throw new Error("usage: drift-issue.ts DIRECTORY STACK...");
  const repository = repositoryOfRun();
  for (const stack of stacks) {
    const report = (await readReport<DriftReport>(directory, stack)) ?? {
      stack,
      state: "unseen",
      lines: ["The job that looks at it has left no report: see the run."],
    };
    const text = renderDrift(report, runUrl());
    const done = await keepIssue(repository, driftMarker(stack), text, (body) => tells(body, report));
    console.log(`${stack}: ${report.state}, its issue was ${done}`);
  }
});
