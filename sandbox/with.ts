import { UserError } from "./log";
import { type BackendName, backendNames, backends } from "./tools/backends";
import { findTool } from "./tools/toolchain";

/**
 * Which of the stack's neighbours `make up` is to bring whatever it takes: `WITH=all`, or names.
 * @throws UserError for another name
 */
export function backendsAsked(text: string): BackendName[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const strange = words.find((word) => word !== "all" && !backendNames.some((name) => name === word));
  if (strange !== undefined) {
    throw new UserError(
      `WITH has "${strange}"`,
      `set it to all, or to some of ${backendNames.join(", ")}, as in WITH=loki,tempo`,
    );
  }
  return backendNames.filter((name) => words.includes("all") || words.includes(name));
}

/** Those, and what need not be built: installed, in the cache, or released where that can be reached. */
export async function chooseBackends(asked: readonly BackendName[]): Promise<BackendName[]> {
  const chosen: BackendName[] = [];
  for (const name of backendNames) {
    if (asked.includes(name) || (await findTool(backends[name])) !== undefined) chosen.push(name);
  }
  return chosen;
}

/** What is left out, and how it comes; nothing where all is taken. */
export function leftOut(chosen: readonly BackendName[]): string | undefined {
  const left = backendNames.filter((name) => !chosen.includes(name));
  if (left.length === 0) return undefined;
  const minutes = left.reduce((sum, name) => sum + backends[name].build.minutes, 0);
  const words = left.length === backendNames.length ? "all" : left.join();
  return `Left out: ${left.join(", ")} (about ${minutes} min to build): make up WITH=${words}, which makes the host anew`;
}
