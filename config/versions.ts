/** The majors of Pyroscope whose configuration we can write; each has keys of its own. */
export type PyroscopeMajor = 1 | 2;

/** `MAJOR.MINOR.PATCH` with an optional Debian revision, as `apt-get install NAME=VERSION` takes it. */
const debianVersion = /^(\d+)\.(\d+)\.(\d+)(?:[-+~.][0-9A-Za-z.+~-]+)?$/;

function parse(version: string): { major: number; minor: number } | undefined {
  const match = debianVersion.exec(version);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

const form = `must be the exact version of the Debian package, such as "1.21.1" or "1.21.1-1" (see: apt-cache madison NAME)`;

/** Why this version of Pyroscope cannot be installed, or undefined when it can. */
export function pyroscopeVersionProblem(version: string): string | undefined {
  const parsed = parse(version);
  if (parsed === undefined) return form;
  if (parsed.major === 1 && parsed.minor < 17)
    return (
      `Pyroscope ${parsed.major}.${parsed.minor} loses profiles without a word: those of all threads but one (grafana/pyroscope ` +
      `#4365, #4699). Set 1.17 or later; a host that has an older one is upgraded, and its profiles stay`
    );
  if (parsed.major === 1 || parsed.major === 2) return undefined;
  return `Pyroscope ${parsed.major}.x is not supported: set a version of 1.x or 2.x`;
}

/** Why this version of Alloy cannot be installed, or undefined when it can. `alloy validate` came with 1.9. */
export function alloyVersionProblem(version: string): string | undefined {
  const parsed = parse(version);
  if (parsed === undefined) return form;
  if (parsed.major === 1 && parsed.minor >= 9) return undefined;
  return `Alloy ${parsed.major}.${parsed.minor} is not supported: set a version of 1.x, 1.9 or later`;
}

/**
 * The major of a supported Pyroscope version.
 * @throws Error when it is not supported.
 */
export function pyroscopeMajor(version: string): PyroscopeMajor {
  const major = parse(version)?.major;
  if (major === 1 || major === 2) return major;
  throw new Error(`Pyroscope ${version} is not supported`);
}
