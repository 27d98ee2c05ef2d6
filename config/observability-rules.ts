import { isIP } from "node:net";
import { checkLogs } from "./log-rules";
import { isLoopback } from "./addresses";
import type { Listener } from "./ports";
import type { IsWrong } from "./right-parts";
import type { Issue, PartialSettings } from "./issue";
import type { PlacedHost } from "./settings";

/** What Prometheus, logs, traces, Grafana and the site ask of the other settings. */
export function checkObservability(settings: PartialSettings, isWrong: IsWrong): Issue[] {
  return [
    ...checkLogs(settings, isWrong),
    ...jobNames(settings),
    ...skippedJobs(settings),
    ...telemetryNames(settings, isWrong),
    ...alertSource(settings),
    ...siteBackend(settings),
    ...siteCertificate(settings),
  ];
}

/** The servers on the host that the settings name by a URL, unless they are among the other listeners, or are our own. */
export function knownServers(settings: PartialSettings, own: readonly Listener[]): Listener[] {
  const taken = [...own, ...(settings.otherListeners ?? [])].map((listener) => listener?.port);
  const named = [
    { name: "Prometheus", path: "prometheus.url", url: settings.prometheus?.url },
    { name: "Loki", path: "logs.url", url: settings.logs?.url },
    { name: "Tempo", path: "traces.url", url: settings.traces?.url },
  ];
  return named.flatMap(({ name, path, url }) => {
    if (url === undefined || !isLoopback(url)) return [];
    const port = portOf(url);
    return taken.includes(port) ? [] : [{ name, path, address: "127.0.0.1", port }];
  });
}

/** Alloy must not send to a port of its own, nor to one that something else is declared to have. */
export function loops(
  settings: PartialSettings,
  host: PlacedHost | undefined,
  listeners: readonly Listener[],
): Issue[] {
  const { logs, traces, pyroscope } = settings;
  const ways = [
    { path: "logs.url", url: logs?.url, what: "Loki" },
    { path: "traces.url", url: traces?.url, what: "Tempo's OTLP/HTTP receiver" },
    {
      path: "pyroscope.remote.url",
      url: pyroscope?.kind === "remote" ? pyroscope.url : undefined,
      what: "the remote Pyroscope",
    },
  ];
  return ways.flatMap(({ path, url, what }): Issue[] => {
    if (url === undefined || !(isLoopback(url) || new URL(url).hostname === host?.reached.address)) return [];
    const port = portOf(url);
    const target = listeners.find(
      (listener) => listener.port === port && !/^otherListeners|\.url$/.test(listener.path),
    );
    if (target === undefined) return [];
    const loop = target.name.startsWith("Alloy") ? ", so that Alloy would send to itself" : "";
    const message = `port ${port} is ${target.name} (${target.path})${loop}: set the address of ${what}`;
    return [{ path, message }];
  });
}

/** The jobs that a platform's owner has for the platform itself (render/prometheus-jobs.ts). */
export const ownJobs: readonly string[] = ["alloy", "host", "pyroscope"];

function jobNames({ prometheus, services = [] }: PartialSettings): Issue[] {
  if (prometheus === undefined) return [];
  return services.flatMap((service, i): Issue[] => {
    if (service?.metrics === undefined || !ownJobs.includes(service.name)) return [];
    const message = `"${service.name}" is a job of our own in Prometheus: choose another name, or leave out its metrics`;
    return [{ path: `services[${i}].name`, message }];
  });
}

function skippedJobs({ prometheus, services = [] }: PartialSettings): Issue[] {
  const measured = services.flatMap((service) => (service?.metrics === undefined ? [] : [service.name]));
  return (prometheus?.skip ?? []).flatMap((name, i): Issue[] => {
    if (ownJobs.includes(name) || measured.includes(name)) return [];
    const message = `"${name}" is nothing that Prometheus would be told of: name a service with metrics, alloy, host or pyroscope, or leave it out`;
    return [{ path: `prometheus.skip[${i}]`, message }];
  });
}

/** A span is of one service, and says only what that is called in OpenTelemetry. */
function telemetryNames({ services = [] }: PartialSettings, isWrong: IsWrong): Issue[] {
  const called = services.map((service) => service?.telemetryName ?? service?.name);
  return services.flatMap((service, i): Issue[] => {
    const path = `services[${i}].telemetryName`;
    const telemetryName = service?.telemetryName;
    if (telemetryName === undefined || isWrong(path)) return [];
    // Of two with a telemetryName it is told at the second.
    const isOther = (name: string | undefined, j: number): boolean =>
      name === telemetryName && (j < i || (j > i && services[j]?.telemetryName === undefined));
    const other = called.findIndex(isOther);
    if (other < 0 || isWrong(`services[${other}].name`)) return [];
    const message = `"${telemetryName}" is also what services[${other}] is called in OpenTelemetry: give each service its own`;
    return [{ path, message }];
  });
}

function alertSource({ grafana, prometheus }: PartialSettings): Issue[] {
  if (grafana?.alerts === undefined || prometheus !== undefined) return [];
  const message = "are rules over what Prometheus scrapes: set prometheus.url";
  return [{ path: "grafana.alerts", message }];
}

function siteBackend({ site, pyroscope }: PartialSettings): Issue[] {
  if (site === undefined || pyroscope?.kind !== "remote") return [];
  return [
    { path: "site.domain", message: "is for a Pyroscope on this host: leave it out, or pyroscope.remote" },
  ];
}

function siteCertificate({ site }: PartialSettings): Issue[] {
  if (site?.tls !== "acme" || isIP(site.domain) === 0) return [];
  const message =
    "is an IP address, for which a public authority signs nothing by itself: set a domain, or site.tls to internal";
  return [{ path: "site.domain", message }];
}

/** The port that a URL dials. */
function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
