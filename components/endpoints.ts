import { hostPort } from "../config/ports";
import { profiled, type ProfileKind } from "../config/service";
import type { Service } from "../config/settings";
import type { EndpointRequirement } from "./host/required";

/** Where a service serves each kind of profile. */
const paths: Record<ProfileKind, string> = { cpu: "/debug/pprof/profile", heap: "/debug/pprof/heap" };

/**
 * What Alloy asks the services for, one for each kind of profile. How often it does is not in it: another interval is no
 * reason to ask them all once more, which costs each the profile that Alloy would have taken meanwhile.
 */
export function profileEndpoints(services: readonly Service[]): EndpointRequirement[] {
  return profiled(services).flatMap(({ name, address, port, profiles, duration, schedule }) =>
    profiles.map((kind) => ({
      name,
      url: `http://${hostPort(address, port)}${paths[kind]}`,
      // A heap profile is a picture of the moment.
      ...(kind === "cpu" ? { seconds: duration } : {}),
      ...(schedule === "intermittent" ? { mayBeAway: true } : {}),
    })),
  );
}
