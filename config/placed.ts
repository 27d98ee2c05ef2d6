import type { z } from "zod";
import type { hostEntry } from "./hosts";
import type { PartialSettings } from "./issue";
import type { HostSettings, PlacedHost, Service, Settings } from "./settings";

/** Who the hosts that store nothing log in as, at the site of the one that does. */
export const sender = "soar-profiling-sender";

type Entry = z.output<typeof hostEntry>;

/** The hosts of an environment: the one, or those of a map. */
export function placedHosts(
  host: HostSettings | undefined,
  hosts: Readonly<Record<string, Entry | undefined>> | undefined,
): PlacedHost[] {
  if (hosts === undefined) {
    if (host === undefined) return [];
    return [{ name: undefined, reached: host, services: undefined, stores: true, prometheus: true }];
  }
  return Object.entries(hosts).flatMap(([name, entry]) => {
    if (entry === undefined) return [];
    const { services, stores, prometheus, ...reached } = entry;
    return [{ name, reached, services, stores, prometheus }];
  });
}

/** The host that all others send to, and that Grafana's datasources are on: the one that stores, or else the first. */
export function mainHost<Host extends Pick<PlacedHost, "stores">>(hosts: readonly Host[]): Host | undefined {
  return hosts.find(({ stores }) => stores) ?? hosts[0];
}

/** Whether others of the environment send their profiles to the host that stores. */
export function hasSenders({ hosts = [], pyroscope }: PartialSettings): boolean {
  return pyroscope?.kind === "local" && hosts.some(({ stores }) => !stores);
}

/** Whether a service runs on a host. */
export function runsOn({ services }: PlacedHost, name: string): boolean {
  return services?.includes(name) ?? true;
}

/** The services, each as often as it runs somewhere. */
export function instances(settings: Pick<Settings, "services" | "hosts">): Service[] {
  const { services, hosts } = settings;
  // Of hosts of which nothing is right, it is not known how many there are.
  if (hosts.length === 0) return [...services];
  return hosts.flatMap((host) => services.filter(({ name }) => runsOn(host, name)));
}

/**
 * The settings as they are for one of the hosts: with its services, and with the Pyroscope that it sends to. With `host` they
 * are the settings.
 */
export function settingsOn(settings: Settings, host: PlacedHost): Settings {
  const { name } = host;
  if (name === undefined) return settings;
  const { services, pyroscope, site, prometheus, grafana } = settings;
  const isSender = pyroscope.kind === "local" && !host.stores;
  const url = `https://${site?.domain ?? ""}`;
  // To a second place each of them sends itself.
  const also = pyroscope.also === undefined ? {} : { also: pyroscope.also };
  return {
    ...settings,
    host: host.reached,
    hosts: [host],
    hostName: name,
    services: services
      .filter((service) => runsOn(host, service.name))
      .map((service) => onHost(service, name)),
    pyroscope: isSender ? { kind: "remote", url, user: sender, ...also } : pyroscope,
    site: isSender ? undefined : site,
    prometheus: host.prometheus ? prometheus : undefined,
    // Its datasources are on that host, so that the alerts of the others are in their own Prometheus.
    grafana: mainHost(settings.hosts) === host ? grafana : undefined,
  };
}

/** The settings of each host. */
export function settingsByHost(settings: Settings): Settings[] {
  return settings.hosts.map((host) => settingsOn(settings, host));
}

/**
 * The settings that Grafana is set up by: its Prometheus is that of the main host. What is profiled it shows of all of them, and
 * what Prometheus knows is in {@link settingsOfMain}.
 */
export function settingsOfGrafana<All extends Settings>(settings: All): All {
  return { ...settings, prometheus: settingsOfMain(settings).prometheus };
}

/** Those of the host that the others send to. */
export function settingsOfMain(settings: Settings): Settings {
  const main = mainHost(settings.hosts);
  return main === undefined ? settings : settingsOn(settings, main);
}

/** A service with the label of its host, in profiles and in metrics. */
function onHost({ labels, metrics, ...service }: Service, host: string): Service {
  const measured = metrics === undefined ? undefined : { ...metrics, labels: { ...metrics.labels, host } };
  return { ...service, labels: { ...labels, host }, metrics: measured };
}
