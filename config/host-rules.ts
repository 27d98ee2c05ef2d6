import type { Issue, PartialSettings } from "./issue";
import { hasSenders, mainHost, runsOn } from "./placed";
import type { IsWrong } from "./right-parts";
import type { PlacedHost } from "./settings";

/** A host of a map. */
type NamedHost = PlacedHost & { name: string };

/** What several hosts ask of each other, and of the other settings. */
export function checkHosts(settings: PartialSettings, isWrong: IsWrong): Issue[] {
  const hosts = (settings.hosts ?? []).filter((host): host is NamedHost => host.name !== undefined);
  if (hosts.length === 0) return [];
  const issues = [
    ...storing(settings, hosts),
    ...wayToSite(settings, isWrong),
    ...sameAddress(hosts),
    ...unknownServices(settings, hosts, isWrong),
    ...homelessServices(settings, hosts, isWrong),
    ...takenLabels(settings),
    ...sharedPlatform(settings),
    ...alertSource(settings, hosts),
  ];
  return issues.filter(({ path }) => !isWrong(path));
}

function storing({ pyroscope, platform }: PartialSettings, hosts: readonly NamedHost[]): Issue[] {
  const stores = hosts.filter((host) => host.stores);
  const [first, ...others] = stores;
  if (platform?.kind === "stack" || pyroscope === undefined) return [];
  if (pyroscope.kind === "remote")
    return stores.map(({ name }) => ({
      path: `hosts.${name}.stores`,
      message: "is for a Pyroscope on that host: leave it out, or pyroscope.remote",
    }));
  if (first === undefined) {
    const message =
      "must have one with Pyroscope: set stores: true for the one that is to have it, or set pyroscope.remote";
    return [{ path: "hosts", message }];
  }
  return others.map(({ name }) => ({
    path: `hosts.${name}.stores`,
    message: `is also set for ${first.name}, and one host has Pyroscope: leave it out for one of them`,
  }));
}

/** Pyroscope itself listens on loopback, and nothing but its site is between. */
function wayToSite(settings: PartialSettings, isWrong: IsWrong): Issue[] {
  const { site, platform, hosts = [] } = settings;
  const isSet = site !== undefined || isWrong("site");
  if (isSet || platform?.kind !== "own" || !hasSenders(settings) || !hosts.some(({ stores }) => stores))
    return [];
  const names = hosts.flatMap(({ name = "", stores }) => (stores ? [] : [name]));
  const message =
    `is required: through it profiles go to the host that stores them, from ${names.join(", ")}. Set site.domain to a name that ` +
    "leads there, and site.tls to internal where no public authority can sign for it";
  return [{ path: "site.domain", message }];
}

function sameAddress(hosts: readonly NamedHost[]): Issue[] {
  const seen = new Map<string, string>();
  return hosts.flatMap(({ name, reached: { address, port, jump } }): Issue[] => {
    // Behind two jump hosts, one private address is two machines.
    const place = [address.toLowerCase(), port, jump?.address ?? ""].join(" ");
    const first = seen.get(place);
    seen.set(place, first ?? name);
    if (first === undefined) return [];
    const message = `is, with port ${port}, also that of ${first}: give each host its own address, or put its services together`;
    return [{ path: `hosts.${name}.address`, message }];
  });
}

function unknownServices(
  { services = [] }: PartialSettings,
  hosts: readonly NamedHost[],
  isWrong: IsWrong,
): Issue[] {
  // One whose name is wrong may be the one that is meant.
  if (
    isWrong("services") ||
    services.some((service, i) => service === undefined || isWrong(`services[${i}].name`))
  )
    return [];
  const known = services.flatMap((service) => (service === undefined ? [] : [service.name]));
  return hosts.flatMap(({ name, services: own = [] }) =>
    own.flatMap((service, i): Issue[] => {
      const path = `hosts.${name}.services[${i}]`;
      if (own.indexOf(service) < i) return [{ path, message: `"${service}" is named twice: leave one out` }];
      if (known.includes(service)) return [];
      const are = known.length === 0 ? "there are none" : `they are ${known.join(", ")}`;
      return [{ path, message: `"${service}" is none of the services: ${are}` }];
    }),
  );
}

function homelessServices(
  { services = [] }: PartialSettings,
  hosts: readonly NamedHost[],
  isWrong: IsWrong,
): Issue[] {
  if (hosts.some(({ name }) => isWrong(`hosts.${name}.services`))) return [];
  return services.flatMap((service, i): Issue[] => {
    if (service === undefined || hosts.some((host) => runsOn(host, service.name))) return [];
    const message = `"${service.name}" runs on no host: name it in hosts.${hosts[0]?.name ?? "NAME"}.services or those of another host, or leave it out`;
    return [{ path: `services[${i}].name`, message }];
  });
}

/** The label is ours only where there are several hosts. */
function takenLabels({ services = [] }: PartialSettings): Issue[] {
  const message = "is the name of the host, set by soar-profiling itself with hosts: choose another name";
  return services.flatMap((service, i) => [
    ...(service !== undefined && "host" in service.labels
      ? [{ path: `services[${i}].labels.host`, message }]
      : []),
    ...(service?.metrics !== undefined && "host" in service.metrics.labels
      ? [{ path: `services[${i}].metrics.labels.host`, message }]
      : []),
  ]);
}

function sharedPlatform({ platform }: PartialSettings): Issue[] {
  if (platform?.kind !== "stack") return [];
  const message = `is the platform of one host, that of ${platform.stack}, and hosts has several: leave out one of the two`;
  return [{ path: "platform.stack", message }];
}

/** The alerts in Grafana ask the Prometheus of the host that its datasources are on. */
function alertSource({ grafana, prometheus }: PartialSettings, hosts: readonly NamedHost[]): Issue[] {
  const main = mainHost(hosts);
  if (grafana?.alerts === undefined || prometheus === undefined || main?.prometheus !== false) return [];
  const message = "is false, and grafana.alerts are over this host's Prometheus: leave out one of the two";
  return [{ path: `hosts.${main.name}.prometheus`, message }];
}
