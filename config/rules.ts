import { tooManyLabels } from "./label-rules";
import { checkHosts } from "./host-rules";
import { checkObservability, knownServers, loops } from "./observability-rules";
import type { Issue, PartialSettings } from "./issue";
import { otlpReceiver } from "./otlp";
import { findCollisions, hostPort, type Listener } from "./ports";
import { instances, runsOn } from "./placed";
import { pushListeners, pushProblem } from "./push";
import type { IsWrong } from "./right-parts";
import type { LocalPyroscope, PlacedHost, Service, Settings } from "./settings";
import { estimateStorage, type StorageEstimate, storageModel } from "./storage-estimate";
import { type Duration, formatDuration, formatSize, parseDuration, parseSize } from "./units";
import { holds } from "./versions";

/**
 * Everything that no single setting can tell: names used twice, ports, disk.
 * @param isWrong what is told already, and stands for nothing
 */
export function checkRules(settings: PartialSettings, isWrong: IsWrong): Issue[] {
  const places = listenersByHost(settings).map(({ listeners, ...place }) => ({
    ...place,
    listeners: listeners.filter(
      ({ path }) => !isWrong(path) && !isWrong(path.replace(/(\.metrics)?\.port$/, ".address")),
    ),
  }));
  return [
    ...duplicateServices(settings, isWrong),
    ...checkHosts(settings, isWrong),
    ...onHosts(places, ({ listeners }) => portCollisions(listeners)),
    ...tooManyLabels(settings),
    ...longIntervals(settings, isWrong),
    ...tooLittleDisk(settings, isWrong),
    ...tooOldForPush(settings, isWrong),
    ...onHosts(places, ({ host, listeners }) => loops(settings, host, listeners)),
    ...checkObservability(settings, isWrong),
  ];
}

/** A host, and what listens there. */
interface Place {
  host: PlacedHost | undefined;
  listeners: Listener[];
}

/** Of each host; where nothing is right of any, of one that has all. */
function listenersByHost(settings: PartialSettings): Place[] {
  const { hosts = [] } = settings;
  if (hosts.length === 0) return [{ host: undefined, listeners: listenersOf(settings, undefined) }];
  return hosts.map((host) => ({ host, listeners: listenersOf(settings, host) }));
}

/** What is wrong on hosts, each with those that it is so on; with one that has no name it goes without saying. */
function onHosts(places: readonly Place[], check: (place: Place) => Issue[]): Issue[] {
  const found = new Map<string, { issue: Issue; names: string[] }>();
  for (const place of places) {
    for (const issue of check(place)) {
      const key = JSON.stringify(issue);
      const known = found.get(key) ?? { issue, names: [] };
      found.set(key, known);
      if (place.host?.name !== undefined) known.names.push(place.host.name);
    }
  }
  return [...found.values()].map(({ issue, names }) =>
    names.length === 0 ? issue : { ...issue, message: `on ${names.join(", ")}, ${issue.message}` },
  );
}

/** The listeners of a stack on a host: its own, its services', and what else it was told of. */
function listenersOf(settings: PartialSettings, host: PlacedHost | undefined): Listener[] {
  const { otherListeners = [], pyroscope } = settings;
  // One that runs elsewhere leaves a hole, so that the others keep their index.
  const services = (settings.services ?? []).map((service) =>
    service === undefined || host === undefined || runsOn(host, service.name) ? service : undefined,
  );
  const isSender = host?.stores === false && pyroscope?.kind === "local";
  const own = ownListeners(isSender ? { ...settings, pyroscope: undefined } : settings);
  // What else runs there comes before the services, so that a collision is told at the service, which is ours to move.
  return [
    ...sshServer(host, otherListeners),
    ...own,
    ...knownServers(settings, own),
    ...listed("otherListeners", otherListeners),
    ...listed("services", services),
    ...metricsListeners(services),
  ];
}

function ownListeners({ platform, pyroscope, alloy, traces, logs, push }: PartialSettings): Listener[] {
  const listeners: Listener[] = [];
  const own = (name: string, path: string, port: number): void => {
    listeners.push({ name, path, address: "127.0.0.1", port });
  };
  const ownsPlatform = platform?.kind === "own";
  if (ownsPlatform && pyroscope?.kind === "local") {
    own("Pyroscope HTTP", "pyroscope.httpPort", pyroscope.httpPort);
    own("Pyroscope gRPC", "pyroscope.grpcPort", pyroscope.grpcPort);
    if (holds("ownStorage", pyroscope.version))
      own("Pyroscope raft", "pyroscope.raftPort", pyroscope.raftPort);
  }
  if (ownsPlatform && alloy !== undefined) own("Alloy HTTP", "alloy.httpPort", alloy.httpPort);
  const otlp = otlpReceiver({ traces, logs });
  if (otlp !== undefined) {
    own("Alloy OTLP/gRPC", `${otlp.setting}.grpcPort`, otlp.grpcPort);
    own("Alloy OTLP/HTTP", `${otlp.setting}.httpPort`, otlp.httpPort);
  }
  return [...listeners, ...pushListeners({ push })];
}

/** Unless it is among the other listeners, by whatever name. */
function sshServer(
  host: PlacedHost | undefined,
  otherListeners: NonNullable<PartialSettings["otherListeners"]>,
): Listener[] {
  if (host === undefined) return [];
  const { name, reached } = host;
  if (otherListeners.some((listener) => listener?.port === reached.port)) return [];
  const path = name === undefined ? "host.port" : `hosts.${name}.port`;
  return [{ name: "the SSH server", path, address: "0.0.0.0", port: reached.port }];
}

function listed(
  list: "otherListeners" | "services",
  entries: readonly ((Pick<Listener, "name" | "address"> & { port?: number | undefined }) | undefined)[],
): Listener[] {
  return entries.flatMap((entry, i) => {
    if (entry?.port === undefined) return [];
    const { name, address, port } = entry;
    return [{ name, path: `${list}[${i}].port`, address, port }];
  });
}

function metricsListeners(services: readonly (Service | undefined)[]): Listener[] {
  return services.flatMap((service, i) => {
    const port = service?.metrics?.port;
    if (service === undefined || port === undefined || port === service.port) return [];
    const { name, address } = service;
    return [{ name: `${name} (metrics)`, path: `services[${i}].metrics.port`, address, port }];
  });
}

const day = parseDuration("1d");

/** How much of the retention is on the host's disk at most: in front of an object storage the last hours, and what is put together. */
function timeOnDisk({ storage, retention }: LocalPyroscope): Duration {
  return storage === undefined || retention < day ? retention : day;
}

/** The storage that the declared services need in a local Pyroscope, wherever they run. */
export function storageEstimateOf(
  settings: Pick<Settings, "services" | "hosts">,
  pyroscope: LocalPyroscope,
): StorageEstimate {
  return estimateStorage(instances(settings), pyroscope.retention, storageModel(pyroscope.version));
}

/** What of that is on the host's disk. */
export function diskEstimateOf(
  settings: Pick<Settings, "services" | "hosts">,
  pyroscope: LocalPyroscope,
): StorageEstimate {
  return storageEstimateOf(settings, { ...pyroscope, retention: timeOnDisk(pyroscope) });
}

function duplicateServices({ services = [] }: PartialSettings, isWrong: IsWrong): Issue[] {
  const seen = new Map<string, number>();
  return services.flatMap((service, i): Issue[] => {
    const path = `services[${i}].name`;
    if (service === undefined || isWrong(path)) return [];
    const { name } = service;
    const first = seen.get(name);
    seen.set(name, first ?? i);
    if (first === undefined) return [];
    return [{ path, message: `"${name}" is also services[${first}]: give each service its own name` }];
  });
}

function portCollisions(listeners: readonly Listener[]): Issue[] {
  return findCollisions(listeners).map(({ first, second }) => ({
    path: second.path,
    message:
      `${second.name} on ${hostPort(second.address, second.port)} collides with ${first.name} on ` +
      `${hostPort(first.address, first.port)} (${first.path}): set another port for one of them`,
  }));
}

/** A service whose last profile is deleted before the next one comes. */
function longIntervals({ platform, pyroscope, services = [] }: PartialSettings, isWrong: IsWrong): Issue[] {
  if (platform?.kind !== "own" || pyroscope?.kind !== "local" || isWrong("pyroscope.retention")) return [];
  const { retention } = pyroscope;
  return services.flatMap((service, i): Issue[] => {
    const path = `services[${i}].interval`;
    if (service === undefined || service.profiles.length === 0) return [];
    if (isWrong(path) || service.interval < retention) return [];
    const message = `${formatDuration(service.interval)} is not shorter than pyroscope.retention, ${formatDuration(retention)}: set a shorter one`;
    return [{ path, message }];
  });
}

function tooLittleDisk(
  { platform, pyroscope, services, hosts = [] }: PartialSettings,
  isWrong: IsWrong,
): Issue[] {
  if (platform?.kind !== "own" || pyroscope?.kind !== "local" || services === undefined) return [];
  const right = services.filter((service) => service !== undefined);
  const ofServices = right.flatMap((_, i) => [`services[${i}].interval`, `services[${i}].profiles`]);
  const ofPyroscope = ["version", "retention", "diskBudget"].map((key) => `pyroscope.${key}`);
  if (right.length < services.length || [...ofServices, ...ofPyroscope].some(isWrong)) return [];
  if (hosts.some(({ name = "" }) => isWrong(`hosts.${name}.services`))) return [];
  const { bytes } = diskEstimateOf({ services: right, hosts }, pyroscope);
  if (bytes <= pyroscope.diskBudget) return [];
  const needed = Math.ceil(bytes / parseSize("1GiB"));
  const shorter = pyroscope.storage === undefined ? " a shorter pyroscope.retention," : "";
  const message =
    `${formatSize(pyroscope.diskBudget)} does not hold ${formatDuration(timeOnDisk(pyroscope))} of profiles, about ${needed}GiB: set ` +
    `pyroscope.diskBudget to ${needed}GiB if the disk has them,${shorter} or a longer interval for the services`;
  return [{ path: "pyroscope.diskBudget", message }];
}

/** Of an Alloy of this stack; that of another is asked when its outputs are there (shared-platform.ts). */
function tooOldForPush({ platform, alloy, push }: PartialSettings, isWrong: IsWrong): Issue[] {
  if (push === undefined || alloy === undefined || platform?.kind !== "own") return [];
  const message = isWrong("alloy.version") ? undefined : pushProblem(alloy);
  return message === undefined ? [] : [{ path: "push", message }];
}
