import type { Settings } from "../config/settings";
import { alloyPorts, alloyUnit } from "./alloy";
import { caddyRequirement } from "./exposure";
import type { Requirements } from "./host/preflight";
import { packageSource } from "./platform";
import { prometheusRequirement } from "./prometheus-jobs";
import { pyroscopeDisk, pyroscopePackage, pyroscopePorts, pyroscopeUnit } from "./pyroscope";
import { otlpPorts } from "./traces";

/** What the host must offer for a stack's settings. */
export function requirements(settings: Settings): Requirements {
  const spans = settings.traces === undefined ? [] : otlpPorts(settings.traces);
  const programs = [
    ...(settings.site === undefined ? [] : [caddyRequirement]),
    ...(settings.prometheus === undefined ? [] : [prometheusRequirement(settings.prometheus)]),
  ];
  if (settings.platform.kind !== "own") return { ports: spans, disks: [], programs };
  const local = settings.pyroscope.kind === "local" ? settings.pyroscope : undefined;
  return {
    ports: [...(local === undefined ? [] : pyroscopePorts(local)), ...alloyPorts(settings.alloy), ...spans],
    disks: local === undefined ? [] : [pyroscopeDisk(local)],
    programs,
    sources: [packageSource(settings.repository)],
    units: [...(local === undefined ? [] : [pyroscopeUnit]), alloyUnit],
    packages: [
      ...(local === undefined ? [] : [pyroscopePackage(local, settings.allowDowngrade)]),
      { name: "alloy", version: settings.alloy.version, allowDowngrade: settings.allowDowngrade },
    ],
  };
}
