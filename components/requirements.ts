import type { Settings } from "../config/settings";
import { holds } from "../config/versions";
import { largestProfile } from "../render/pyroscope";
import { alloyPorts, alloyUnit } from "./alloy";
import { caddyAdmin, caddyRequirement } from "./public-site";
import { profileEndpoints } from "./endpoints";
import { otlpPorts } from "./otlp";
import type { EndpointRequirements, MachineRequirement, Requirements } from "./host/required";
import { platformPast, scrapedRequirement } from "./past";
import { packageSource } from "./platform";
import { pushPorts } from "./profiles";
import { storageRequirement } from "./object-storage";
import { prometheusRequirement } from "./prometheus-jobs";
import { pyroscopeDisk, pyroscopePackage, pyroscopePorts, pyroscopeUnit } from "./pyroscope";

/**
 * What the host must offer for a stack's settings.
 * @param alloy the version that asks the services, which may be another environment's
 * @param machine of another stack's platform, if that is known
 */
export function requirements(settings: Settings, alloy: string, machine?: MachineRequirement): Requirements {
  const received = [...otlpPorts(settings), ...pushPorts(settings)];
  const programs = [
    ...(settings.site === undefined ? [] : [caddyRequirement]),
    ...(settings.prometheus === undefined
      ? []
      : [prometheusRequirement(settings.prometheus, settings.hostName)]),
  ];
  const admin = settings.site === undefined ? {} : { admin: caddyAdmin };
  const endpoints = endpointRequirements(settings, alloy);
  const scraped = scrapedRequirement(settings);
  if (settings.platform.kind !== "own") {
    return {
      ports: received,
      disks: [],
      programs,
      ...admin,
      endpoints,
      scraped,
      ...(machine === undefined ? {} : { machine }),
    };
  }
  const local = settings.pyroscope.kind === "local" ? settings.pyroscope : undefined;
  return {
    ports: [
      ...(local === undefined ? [] : pyroscopePorts(local)),
      ...alloyPorts(settings.alloy),
      ...received,
    ],
    disks: local === undefined ? [] : [pyroscopeDisk(local)],
    programs,
    ...admin,
    sources: [packageSource(settings.repository)],
    units: [...(local === undefined ? [] : [pyroscopeUnit]), alloyUnit],
    packages: [
      ...(local === undefined ? [] : [pyroscopePackage(local, settings.allowDowngrade)]),
      { name: "alloy", version: settings.alloy.version, allowDowngrade: settings.allowDowngrade },
    ],
    endpoints,
    past: platformPast(settings),
    scraped,
    ...(local?.storage === undefined ? {} : { objectStorage: storageRequirement(local.storage) }),
  };
}

/** What the services' profiles must be, so that Alloy takes them and Pyroscope stores them. */
function endpointRequirements({ services, pyroscope }: Settings, alloy: string): EndpointRequirements {
  return {
    endpoints: profileEndpoints(services),
    ...(holds("wantsContentType", alloy) ? { contentType: "application/octet-stream" } : {}),
    // A remote one has limits of its own.
    ...(pyroscope.kind === "local" ? { bytes: largestProfile } : {}),
    correct: "let it serve pprof there, or correct its port or profiles in services",
    adapt: "let it measure for as long as it is asked, or set its duration in services to what it does",
  };
}
