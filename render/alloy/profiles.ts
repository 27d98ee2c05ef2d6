import { hostPort } from "../../config/ports";
import type { ProfileKind } from "../../config/service";
import type { Service } from "../../config/settings";
import { goDuration } from "../../config/units";
import { byText, managedBy } from "../header";
import { environmentLabel } from "./label";
import { type AlloyObject, type Block, object, renderAlloy } from "./syntax";
import { platformReceiver } from "./platform";

/** What of a service decides how it is scraped. */
export type ScrapedService = Pick<
  Service,
  "name" | "address" | "port" | "profiles" | "interval" | "duration" | "labels" | "repository" | "gitRef"
>;

export interface ProfilesArgs {
  /** Part of the component names, so that several environments share one Alloy. */
  readonly environment: string;
  /** In any order. */
  readonly services: readonly ScrapedService[];
}

/**
 * Renders the scraping of an environment's services: one component for each kind of profile and rhythm, one line for
 * each service in it. The order of the services does not change the text.
 */
export function renderProfiles({ environment, services }: ProfilesArgs): string {
  const sorted = [...services].sort((a, b) => byText(a.name, b.name));
  const groups = new Map<string, { kind: ProfileKind; services: ScrapedService[] }>();
  for (const kind of ["cpu", "heap"] as const) {
    const ofKind = sorted.filter(({ profiles }) => profiles.includes(kind));
    ofKind.sort((a, b) => a.interval - b.interval || (kind === "cpu" ? a.duration - b.duration : 0));
    for (const service of ofKind) {
      const label = componentLabel(environment, kind, service);
      const group = groups.get(label);
      if (group === undefined) groups.set(label, { kind, services: [service] });
      else group.services.push(service);
    }
  }
  const blocks = [...groups].map(([label, group]) => scrape(environment, label, group.kind, group.services));
  return renderAlloy(managedBy(environment), blocks);
}

/** No two groups of any two environments have the same label. */
function componentLabel(
  environment: string,
  kind: ProfileKind,
  { interval, duration }: ScrapedService,
): string {
  const rhythm = kind === "cpu" ? [interval, duration] : [interval];
  return [environmentLabel(environment), kind, ...rhythm.map(goDuration)].join("_");
}

function scrape(
  environment: string,
  label: string,
  kind: ProfileKind,
  services: readonly ScrapedService[],
): Block {
  const first = services[0];
  if (first === undefined) throw new Error("a group of services is never empty");
  return {
    name: "pyroscope.scrape",
    label,
    attributes: {
      targets: services.map((service) => target(environment, service)),
      forward_to: [platformReceiver],
      scrape_interval: goDuration(first.interval),
      // For CPU, Alloy adds the interval less a second to it: enough for any duration that the interval allows.
      scrape_timeout: "10s",
      delta_profiling_duration: kind === "cpu" ? goDuration(first.duration) : undefined,
    },
    blocks: [profilingConfig(kind)],
  };
}

function target(environment: string, service: ScrapedService): AlloyObject {
  return object({
    __address__: hostPort(service.address, service.port),
    ...profileLabels(environment, service),
  });
}

/** The labels that a service's profiles have in Pyroscope. */
export function profileLabels(environment: string, service: ScrapedService): Record<string, string> {
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
