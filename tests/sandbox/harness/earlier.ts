import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { afterAll } from "vitest";
import { run } from "../../../sandbox/log";
import { projectRoot } from "../../../sandbox/paths";

/** The program as it was at a commit, with the libraries of today; undefined in a clone that has not so much history. */
export async function programOf(commit: string): Promise<PulumiFn | undefined> {
  const git = ["-c", "safe.directory=*", "-C", projectRoot];
  const { code } = await run("git", [...git, "cat-file", "-e", `${commit}^{commit}`], { allowFailure: true });
  if (code !== 0) return undefined;
  const directory = await mkdtemp(path.join(tmpdir(), "soar-earlier-"));
  afterAll(() => rm(directory, { recursive: true }));
  const archive = path.join(directory, "archive.tar");
  await run("git", [...git, "archive", `--output=${archive}`, commit]);
  await run("tar", ["-x", "-C", directory, "-f", archive]);
  await symlink(path.join(projectRoot, "node_modules"), path.join(directory, "node_modules"));
  const loaded = (await import(path.join(directory, "index.ts"))) as { default: PulumiFn };
  return loaded.default;
}
