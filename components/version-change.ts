import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../config/refusal";
import type { Settings } from "../config/settings";
import { type VersionChange, versionChange } from "../config/version-changes";
import { lastOutputs } from "./host/last-outputs";

/** By program; none of what was not there before, or is not on the host of this stack. */
export type VersionChanges = Partial<Record<"pyroscope" | "alloy", VersionChange>>;

/**
 * What the way from the versions that the last `up` of a stack has left, to those of its settings, means for it.
 * @param stack `organization/project/stack`
 */
export async function versionChanges(stack: string, settings: Settings): Promise<VersionChanges> {
  const { platform, pyroscope, alloy } = settings;
  if (platform.kind !== "own") return {};
  const { versions = {} } = (await lastOutputs(stack)) as {
    versions?: { pyroscope?: string; alloy?: string };
  };
  const changes: VersionChanges = {};
  if (versions.pyroscope !== undefined && pyroscope.kind === "local")
    changes.pyroscope = versionChange("Pyroscope", versions.pyroscope, pyroscope.version, settings);
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
 * @throws pulumi.RunError where profiles would be lost
 */
export async function refuseLoss(stack: string, settings: Settings): Promise<void> {
  const { pyroscope, alloy } = await versionChanges(stack, settings);
  const reason = pyroscope?.refusal ?? alloy?.refusal;
  if (reason !== undefined) throw refusal(reason);
}
