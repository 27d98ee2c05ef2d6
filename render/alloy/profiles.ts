import { hostPort } from "../../config/ports";
import { profiled, type Profiled, type ProfileKind, profileKinds } from "../../config/service";
import type { Service } from "../../config/settings";
import { goDuration } from "../../config/units";
import { byText, managedBy } from "../header";
import { type DestinationAccess, writeProfiles } from "./destination";
import { profileLabel } from "./label";
import { type AlloyObject, type Block, object, reference, renderAlloy } from "./syntax";

/** What of a service decides how its profiles are labelled. */
export type LabelledService = Pick<Service, "name" | "labels" | "repository" | "gitRef">;

/** What of a service decides how it is scraped. */
export type ScrapedService = LabelledService &
  Pick<Service, "address" | "port" | "profiles" | "interval" | "duration">;

/** Including how the platform's destination lets profiles in. */
export interface ProfilesArgs extends DestinationAccess {
  /** Part of the component names, so that several environments share one Alloy. */
  readonly environment: string;
  /** In any order; nothing is taken of those without profiles. */
  readonly services: readonly ScrapedService[];
}

/**
 * Renders the scraping of an environment's services: for each service and kind of profile a component that asks for it and
 * one that sends it. Only the second has counters in every version of Alloy, and only one of its own tells a service that
 * is silent from all others. The order of the services does not change the text.
 */
export function renderProfiles({ environment, services, ...access }: ProfilesArgs): string {
  const sorted = profiled(services).sort((a, b) => byText(a.name, b.name));
  const blocks = sorted.flatMap((service) =>
    profileKinds
      .filter((kind) => service.profiles.includes(kind))
      .flatMap((kind) => {
        const label = profileLabel(environment, kind, service.name);
        return [scrape(environment, label, kind, service, access), writeProfiles(label, access)];
      }),
  );
  return renderAlloy(managedBy(environment), blocks);
}

function scrape(
  environment: string,
  label: string,
  kind: ProfileKind,
  service: Profiled<ScrapedService>,
  { authenticates, hasAuthority }: DestinationAccess,
): Block {
  return {
    name: "pyroscope.scrape",
    label,
    attributes: {
      targets: [target(environment, service)],
      forward_to: [reference(`pyroscope.write.${label}.receiver`)],
      scrape_interval: goDuration(service.interval),
      // For CPU, Alloy adds the interval less a second to it: enough for any duration that the interval allows. Where there is
      // a password or an authority it is another: only a change of it, or of the interval, makes a running component take the
      // client of now.
      scrape_timeout: hasAuthority === true ? "12s" : authenticates ? "11s" : "10s",
      delta_profiling_duration: kind === "cpu" ? goDuration(service.duration) : undefined,
    },
    blocks: [profilingConfig(kind)],
  };
}

function target(environment: string, service: Profiled<ScrapedService>): AlloyObject {
  return object({
    __address__: hostPort(service.address, service.port),
    ...profileLabels(environment, service),
  });
}

/** The labels that a service's profiles have in Pyroscope. */
export function profileLabels(environment: string, service: LabelledService): Record<string, string> {
  const labels = Object.entries(service.labels).sort(([a], [b]) => byText(a, b));
  return {
    service_name: service.name,
    environment,
    job: service.name,
    ...Object.fromEntries(labels),
    ...(service.repository !== undefined && { service_repository: service.repository }),
    ...(service.gitRef !== undefined && { service_git_ref: service.gitRef }),
  };
}

/** All five are on by default, so each that is not asked for is switched off. */
function profilingConfig(kind: ProfileKind): Block {
  const profile = (name: string, isAsked: boolean, path?: string): Block => ({
    name: `profile.${name}`,
    attributes: { enabled: isAsked, path: isAsked ? path : undefined },
  });
  return {
    name: "profiling_config",
    blocks: [
      profile("process_cpu", kind === "cpu"),
      profile("memory", kind === "heap", "/debug/pprof/heap"),
      profile("block", false),
      profile("mutex", false),
      profile("goroutine", false),
    ],
  };
}
