import { deletedLater } from "../../config/storage-estimate";
import { formatDuration } from "../../config/units";
import type { AlloyState } from "./alloy";
import { broken, type Link, ok, unknown } from "./chain";
import type { HostFacts } from "./host-facts";
import type { VerifyTarget } from "./target";
import { age } from "./words";

/** Something that is proven once a host, and not for each service. */
export type Check = Link & { name: string };

export function check(name: string, link: Link): Check {
  return { name, ...link };
}

/** What Pyroscope says of itself. */
export interface PyroscopeFacts {
  /** Of the process that runs. */
  version: string | undefined;
  /** Of the oldest profile, in milliseconds; undefined where there is none. */
  oldest: number | undefined;
}

/** Whether Pyroscope answers at all; what it says of a service is part of that service's way. */
export function judgePyroscope(error: string | undefined, where: string): Check {
  if (error === undefined) return check("pyroscope", ok(`answers at ${where}`));
  return check(
    "pyroscope",
    broken(`does not answer at ${where}: ${error}`, "see journalctl -u pyroscope, or the way to it"),
  );
}

/** Whether what runs is what was declared, one for each thing that is not. */
export function judgeDeclared({ hasRecords, differences }: HostFacts, environment: string): Check[] {
  const name = "declared";
  if (!hasRecords) {
    return [
      check(
        name,
        broken(`the host has no records of the environment ${environment}`, "pulumi up puts it there"),
      ),
    ];
  }
  if (differences.length === 0) return [check(name, ok("what runs is what was declared"))];
  return differences.map((difference) =>
    check(name, broken(difference, "a pulumi up with detectDrift puts it back, or names what is in the way")),
  );
}

/** Whether the packages are those that are declared, and the processes those of the packages. */
export function judgeVersions(
  { settings, platform }: VerifyTarget,
  { packages }: HostFacts,
  running: { alloy: AlloyState; pyroscope: PyroscopeFacts },
): Check[] {
  const alloy = "error" in running.alloy ? undefined : running.alloy.version;
  const owner = settings.platform.kind === "own" ? "" : ` (the platform of ${settings.platform.stack})`;
  const judge = (name: string, declared: string, runs: string | undefined): Check => {
    const unit = `${name}.service`;
    const installed = packages.get(name) ?? "";
    if (installed !== declared) {
      const is = installed === "" ? "is not installed" : `is at ${installed}`;
      return check(
        "versions",
        broken(`package ${name} ${is}, and ${declared} is declared${owner}`, "pulumi up"),
      );
    }
    if (runs === undefined)
      return check("versions", unknown(`${name} ${installed} is installed, and none runs`));
    if (upstream(runs) === upstream(installed)) return check("versions", ok(`${name} ${installed}`));
    return check(
      "versions",
      broken(`${unit} still runs ${runs}, and the package is at ${installed}`, `systemctl restart ${unit}`),
    );
  };
  return [
    judge("alloy", platform.alloy.version, alloy),
    ...(platform.storage === undefined
      ? []
      : [judge("pyroscope", platform.storage.version, running.pyroscope.version)]),
  ];
}

/** Without the `v` of a program and the revision of a package. */
function upstream(version: string): string {
  return version.replace(/^v/, "").replace(/[-+~].*$/, "");
}

/** Whether the oldest profile is no older than what is to be kept. */
export function judgeRetention({ platform }: VerifyTarget, { oldest }: PyroscopeFacts, now: number): Check[] {
  if (platform.storage === undefined) return [];
  const { retention } = platform.storage;
  const kept = formatDuration(retention);
  if (oldest === undefined) return [check("retention", unknown("no profile is stored yet"))];
  const old = (now - oldest) / 1000;
  if (old <= retention + deletedLater)
    return [check("retention", ok(`oldest profile ${age(old)} old, of ${kept}`))];
  return [
    check(
      "retention",
      broken(
        `the oldest profile is ${age(old)} old, and ${kept} are to be kept: nothing is deleted`,
        "see journalctl -u pyroscope for the compactor's errors",
      ),
    ),
  ];
}
