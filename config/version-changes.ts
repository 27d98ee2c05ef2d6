import type { Settings } from "./settings";
import { type Duration, formatDuration, parseDuration, UnitError } from "./units";
import { type VersionFact, versionFacts } from "./version-facts";
import { isBefore } from "./versions";

/** What the change of a program's version means for these settings. */
export interface VersionChange {
  /** A sentence for each row of the table that begins or ends with it. */
  readonly warnings: readonly string[];
  /** Why it is not done, because something would be lost. */
  readonly refusal: string | undefined;
}

/**
 * The rows of the table between two versions that concern these settings.
 * @param from the version until now
 */
export function versionChange(
  program: "Pyroscope" | "Alloy",
  from: string,
  to: string,
  settings: Settings,
): VersionChange {
  const rows: VersionFact[] = Object.values(versionFacts);
  const told = rows.filter((row) => row.program === program).map((row) => tell(row, from, to, settings));
  const change = `${program} ${from} -> ${to}`;
  const refusals = told.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal]));
  return {
    warnings: told.flatMap(({ warning }) => (warning === undefined ? [] : [`${change}: ${warning}`])),
    refusal:
      refusals.length === 0
        ? undefined
        : `${change} is refused: ${refusals.join("; ")}. Stay with ${from}, or destroy this stack first`,
  };
}

function tell(
  { since, until, fact, concerns, lostBefore }: VersionFact,
  from: string,
  to: string,
  settings: Settings,
): { warning?: string; refusal?: string } {
  const isTrueOf = (version: string): boolean =>
    !isBefore(version, since) && (until === undefined || isBefore(version, until));
  const advice = concerns?.(settings);
  if (isTrueOf(from) === isTrueOf(to) || advice === undefined) return {};
  if (isTrueOf(to)) return { warning: `from ${since} on ${fact}. ${advice}` };
  if (!isBefore(to, since)) return {}; // It is over.
  if (lostBefore !== undefined) return { refusal: lostBefore };
  return { warning: `it goes back before ${since}, from which on ${fact}.` };
}

/**
 * What a shorter retention means for what is stored, as warnings.
 * @param from as the last `up` told it
 */
export function shorterRetention(from: string | undefined, to: Duration): string[] {
  const before = from === undefined ? undefined : durationOf(from);
  if (before === undefined || to >= before) return [];
  return [
    `pyroscope.retention ${formatDuration(before)} -> ${formatDuration(to)}: an up has Pyroscope delete, for good, all profiles ` +
      `that are older than ${formatDuration(to)}. Leave it at ${formatDuration(before)} to keep them.`,
  ];
}

/** None where an output has another form. */
function durationOf(text: string): Duration | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof UnitError) return undefined;
    throw error;
  }
}
