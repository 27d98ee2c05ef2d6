import type { Issue, PartialSettings } from "./issue";
import type { Service } from "./settings";
import { holds } from "./versions";

/** Pyroscope's default for `max_label_names_per_series`. */
const mostLabels = 30;

/**
 * Labels beyond what a series has room for: Pyroscope would refuse every profile of the service. Counted as they arrive
 * there, after our own Pyroscope has dropped some (render/pyroscope.ts). What a remote one drops is not known.
 */
export function tooManyLabels(settings: PartialSettings): Issue[] {
  const { services = [], platform, pyroscope } = settings;
  if (platform === undefined || pyroscope === undefined) return [];
  return services.flatMap((service, i): Issue[] => {
    if (service === undefined || service.profiles.length === 0) return [];
    const room = mostLabels - addedLabels(service, settings).length;
    const count = Object.keys(service.labels).length;
    if (count <= room) return [];
    const message = `has ${count} labels: Pyroscope takes ${mostLabels} of a series, and has room for ${room} beside those of our own`;
    return [{ path: `services[${i}].labels`, message }];
  });
}

/** All but the declared ones. */
function addedLabels(
  { profiles, repository, gitRef }: Service,
  { platform, pyroscope, alloy, hosts = [] }: PartialSettings,
): string[] {
  const isOwn = platform?.kind === "own";
  const areDropped = isOwn && pyroscope?.kind === "local";
  const hasScope = !isOwn || (alloy !== undefined && holds("labelsByScope", alloy.version));
  return [
    "__name__",
    "service_name",
    "environment",
    "job",
    "instance",
    ...(hosts.some(({ name }) => name !== undefined) ? ["host"] : []),
    ...(profiles.includes("heap") ? ["__delta__"] : []),
    ...(repository === undefined ? [] : ["service_repository"]),
    ...(gitRef === undefined ? [] : ["service_git_ref"]),
    ...(areDropped ? [] : ["thread"]),
    ...(areDropped || !hasScope ? [] : ["otel.scope.name", "otel.scope.version"]),
  ];
}
