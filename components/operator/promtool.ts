import { spawnSync } from "node:child_process";

/** How long it may take for a file, in milliseconds. */
const patience = 20_000;

/**
 * What the promtool of this machine finds wrong with a rule file; nothing where there is none. The host's own, which is asked
 * before any change there, has the last word.
 * @param program @default the one in PATH
 */
export function promtoolProblems(file: string, program = "promtool"): string[] {
  const { status, stderr, error } = spawnSync(program, ["check", "rules", file], {
    encoding: "utf8",
    timeout: patience,
  });
  if (error !== undefined || status === 0) return [];
  const lines = stderr
    .split("\n")
    .map((line) => line.replaceAll(`${file}: `, "").trim())
    .filter((line) => line !== "" && line !== "FAILED:");
  return (lines.length > 0 ? lines : [`promtool ended with ${String(status)}`]).map(
    (line) => `promtool on this machine refuses it: ${line}`,
  );
}
