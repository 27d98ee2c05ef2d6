import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { type VersionChange, versionChange } from "../config/version-changes";
import { lastOutputs } from "./host/last-outputs";

type Versions = Partial<Record<"pyroscope" | "alloy", string>>;

/** The versions that the last `up` of a stack has left, by its output `versions`. */
export function versionsBefore(stack: string): Record<keyof Versions, pulumi.Output<string | undefined>> {
  const versions = pulumi.output(lastOutputs(stack).then(({ versions = {} }) => versions as Versions));
  return { pyroscope: versions.apply((all) => all.pyroscope), alloy: versions.apply((all) => all.alloy) };
}

/** What the way from the version until now means for these settings; nothing where there was none. */
export function changeOf(
  program: "Pyroscope" | "Alloy",
  before: pulumi.Output<string | undefined>,
  version: string,
  settings: Settings,
): pulumi.Output<VersionChange | undefined> {
  return before.apply((known) =>
    known === undefined ? undefined : versionChange(program, known, version, settings),
  );
}
