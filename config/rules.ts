import { tooManyLabels } from "./label-rules";
import { checkObservability, knownServers } from "./observability-rules";
import type { Issue, PartialSettings } from "./issue";
import { otlpReceiver } from "./otlp";
import { findCollisions, hostPort, type Listener } from "./ports";
import { pushListeners, pushProblem } from "./push";
import type { IsWrong } from "./right-parts";
import type { LocalPyroscope, Service } from "./settings";
import { estimateStorage, type StorageEstimate, storageModel } from "./storage-estimate";
import { type Duration, formatDuration, formatSize, parseDuration, parseSize } from "./units";
import { holds } from "./versions";

/**
 * Everything that no single setting can tell: names used twice, ports, disk.
 * @param isWrong what is told already, and stands for nothing
 */
export function checkRules(settings: PartialSettings, isWrong: IsWrong): Issue[] {
  const listeners = listenersOf(settings).filter(
    ({ path }) => !isWrong(path) && !isWrong(path.replace(/(\.metrics)?\.port$/, ".address")),
  );
  return [
    ...duplicateServices(settings, isWrong),
    ...portCollisions(listeners),
    ...tooManyLabels(settings),
    ...longIntervals(settings, isWrong),
    ...tooLittleDisk(settings, isWrong),
    ...tooOldForPush(settings, isWrong),
    ...checkObservability(settings, listeners, isWrong),
  ];
}

/** The listeners of a stack on its host: its own, its services', and what else it was told of. */
function listenersOf(settings: PartialSettings): Listener[] {
  const { services = [], otherListeners = [] } = settings;
  const own = ownListeners(settings);
  // What else runs there comes before the services, so that a collision is told at the service, which is ours to move.
  return [
    ...sshServer(settings),
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
function sshServer({ host, otherListeners = [] }: PartialSettings): Listener[] {
  if (host === undefined || otherListeners.some((listener) => listener?.port === host.port)) return [];
  return [{ name: "the SSH server", path: "host.port", address: "0.0.0.0", port: host.port }];
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

/** The storage that the declared services need in a local Pyroscope. */
export function storageEstimateOf(services: readonly Service[], pyroscope: LocalPyroscope): StorageEstimate {
  return estimateStorage(services, pyroscope.retention, storageModel(pyroscope.version));
}

/** What of that is on the host's disk. */
export function diskEstimateOf(services: readonly Service[], pyroscope: LocalPyroscope): StorageEstimate {
  return storageEstimateOf(services, { ...pyroscope, retention: timeOnDisk(pyroscope) });
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

function tooLittleDisk({ platform, pyroscope, services }: PartialSettings, isWrong: IsWrong): Issue[] {
  if (platform?.kind !== "own" || pyroscope?.kind !== "local" || services === undefined) return [];
  const right = services.filter((service) => service !== undefined);
  const ofServices = right.flatMap((_, i) => [`services[${i}].interval`, `services[${i}].profiles`]);
  const ofPyroscope = ["version", "retention", "diskBudget"].map((key) => `pyroscope.${key}`);
  if (right.length < services.length || [...ofServices, ...ofPyroscope].some(isWrong)) return [];
  const { bytes } = diskEstimateOf(right, pyroscope);
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
