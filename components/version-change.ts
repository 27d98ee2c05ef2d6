import * as pulumi from "@pulumi/pulumi";
import { settingsByHost } from "../config/placed";
import { refusal } from "../config/refusal";
import type { Settings } from "../config/settings";
import { shorterRetention, type VersionChange, versionChange } from "../config/version-changes";
import { lastOutputs } from "./host/last-outputs";

/** By program; none of what was not there before, or is not on the host of this stack. */
export type VersionChanges = Partial<Record<"pyroscope" | "alloy", VersionChange>>;

/** What of the outputs of an `up` tells how a stack was. */
interface LastOutputs {
  /** Of several hosts by their names. */
  versions?: Versions | Partial<Record<string, Versions>>;
  retention?: string;
  services?: { environment?: string }[];
  platform?: { environment?: string };
}

interface Versions {
  pyroscope?: string;
  alloy?: string;
}

/** What the host of these settings had; of a host that is one of several by now, what it had as the only one. */
function versionsOf({ versions = {} }: LastOutputs, { hostName }: Settings): Versions {
  const own = hostName === undefined ? undefined : (versions as Partial<Record<string, Versions>>)[hostName];
  if (own !== undefined) return own;
  const isOfOne = [versions.pyroscope, versions.alloy].some((version) => typeof version === "string");
  return isOfOne ? versions : {};
}

/** The name of the environment is in all that it has on the host: with another one, that would be left behind. */
function renaming({ services = [], platform }: LastOutputs, settings: Settings): string | undefined {
  const own = settings.platform.kind === "own" ? platform?.environment : undefined;
  const before = services[0]?.environment ?? own;
  const { environment } = settings;
  if (before === undefined || before === environment) return undefined;
  // As the host itself says it (scripts/install.sh), but before anything is sent there.
  return (
    `soar-profiling: this stack is environment ${before} on this host, not ${environment}; nothing was changed. Set environment to ` +
    `${before} again; or pulumi destroy first, and then pulumi up with the new name`
  );
}

/**
 * What the way from the versions that the last `up` of a stack has left, to those of its settings, means for it.
 * @param stack `organization/project/stack`
 */
export async function versionChanges(stack: string, settings: Settings): Promise<VersionChanges> {
  return changesSince(await lastOutputs(stack), settings);
}

function changesSince(last: LastOutputs, settings: Settings): VersionChanges {
  const { platform, pyroscope, alloy } = settings;
  const { retention } = last;
  const versions = versionsOf(last, settings);
  if (platform.kind !== "own") return {};
  const changes: VersionChanges = {};
  if (versions.pyroscope !== undefined && pyroscope.kind === "local") {
    const change = versionChange("Pyroscope", versions.pyroscope, pyroscope.version, settings);
    const shorter = shorterRetention(retention, pyroscope.retention);
    changes.pyroscope = { ...change, warnings: [...change.warnings, ...shorter] };
  }
  if (versions.alloy !== undefined)
    changes.alloy = versionChange("Alloy", versions.alloy, alloy.version, settings);
  return changes;
}

/** What of it is told at the package. */
export function warningsOf(
  changes: Promise<VersionChanges>,
  program: keyof VersionChanges,
): pulumi.Output<readonly string[]> {
  return pulumi.output(changes.then((known) => known[program]?.warnings ?? []));
}

/**
 * Before there is any resource.
 * @throws pulumi.RunError where profiles would be lost, or what is on the host would be left to nobody
 */
export async function refuseLoss(stack: string, settings: Settings): Promise<void> {
  const last: LastOutputs = await lastOutputs(stack);
  const renamed = renaming(last, settings);
  if (renamed !== undefined) throw refusal(renamed);
  for (const one of settingsByHost(settings)) {
    const { pyroscope, alloy } = changesSince(last, one);
    const reason = pyroscope?.refusal ?? alloy?.refusal;
    if (reason !== undefined) throw refusal(reason);
  }
}
