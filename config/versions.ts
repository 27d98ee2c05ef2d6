import { not } from "./fields";
import { type VersionFact, type VersionFactName, versionFacts } from "./version-facts";

/** The majors of Pyroscope whose configuration we can write; each has keys of its own. */
export type PyroscopeMajor = 1 | 2;

/** `MAJOR.MINOR.PATCH` with an optional Debian revision, as `apt-get install NAME=VERSION` takes it. */
const debianVersion = /^(\d+)\.(\d+)\.(\d+)(?:[-+~.][0-9A-Za-z.+~-]+)?$/;

/** What a version looks like, for messages. */
export const versionForm =
  'the exact version of the Debian package, such as "1.21.1" or "1.21.1-1" (see: apt-cache madison NAME)';

/**
 * Whether a row of the table is true of a version of its program.
 * @param version as a package or a program tells it, such as `1.21.1-1` or `2.6.2`
 */
export function holds(name: VersionFactName, version: string): boolean {
  const { since, until }: VersionFact = versionFacts[name];
  return !isBefore(version, since) && (until === undefined || isBefore(version, until));
}

/** Whether one version is older than another, by their numbers; what follows these does not count. */
export function isBefore(version: string, other: string): boolean {
  const [ours, theirs] = [numbers(version), numbers(other)];
  const first = [0, 1, 2].find((i) => (ours[i] ?? 0) !== (theirs[i] ?? 0));
  return first !== undefined && (ours[first] ?? 0) < (theirs[first] ?? 0);
}

function numbers(version: string): number[] {
  return (/^\d+(\.\d+){0,2}/.exec(version)?.[0] ?? "").split(".").map(Number);
}

/** Why this version of Pyroscope cannot be installed, or undefined when it can. */
export function pyroscopeVersionProblem(version: string): string | undefined {
  const parsed = debianVersion.exec(version);
  if (parsed === null) return `must be ${versionForm}${not(version, versionForm)}`;
  const [, major = "", minor = ""] = parsed;
  if (major !== "1" && major !== "2")
    return `Pyroscope ${major}.x is not supported: set a version of 1.x or 2.x`;
  if (holds("keepsRelabeledSamples", version)) return undefined;
  return (
    `Pyroscope ${major}.${minor} loses profiles without a word: those of all threads but one (grafana/pyroscope ` +
    `#4365, #4699). Set ${versionFacts.keepsRelabeledSamples.since} or later; a host that has an older one is upgraded, and ` +
    `its profiles stay`
  );
}

/** Why this version of Alloy cannot be installed, or undefined when it can. */
export function alloyVersionProblem(version: string): string | undefined {
  const parsed = debianVersion.exec(version);
  if (parsed === null) return `must be ${versionForm}${not(version, versionForm)}`;
  const [, major = "", minor = ""] = parsed;
  if (major === "1" && holds("validates", version)) return undefined;
  return `Alloy ${major}.${minor} is not supported: set a version of 1.x, ${versionFacts.validates.since} or later`;
}

/** The major of a supported Pyroscope version. */
export function pyroscopeMajor(version: string): PyroscopeMajor {
  return holds("ownStorage", version) ? 2 : 1;
}
