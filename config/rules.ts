import { tooManyLabels } from "./label-rules";
import { checkObservability, knownServers } from "./observability-rules";
import { findCollisions, hostPort, type Listener } from "./ports";
import type { LocalPyroscope, Service, Settings } from "./settings";
import { estimateStorage, type StorageEstimate, storageModel } from "./storage-estimate";
import { formatDuration, formatSize, parseSize } from "./units";
import { holds } from "./versions";

/** A problem with the configuration: where, why, and what to set. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** The settings whose own values are right; a rule holds back where one that it needs is not among them. */
export type PartialSettings = {
  readonly [Key in Exclude<keyof Settings, "services">]?: Settings[Key] | undefined;
} & {
  /** A service that is wrong in itself leaves a hole, so that the others keep their index. */
  readonly services?: readonly (Service | undefined)[] | undefined;
};

/** Everything that no single setting can tell: names used twice, ports, disk. */
export function checkRules(settings: PartialSettings): Issue[] {
  return [
    ...duplicateServices(settings),
    ...portCollisions(settings),
    ...tooManyLabels(settings),
    ...tooLittleDisk(settings),
    ...checkObservability(settings, listenersOf(settings)),
  ];
}

/** The listeners of a stack on its host: its own, its services', and what else it was told of. */
export function listenersOf(settings: PartialSettings): Listener[] {
  const { platform, pyroscope, alloy, traces, services = [], otherListeners = [] } = settings;
  const listeners: Listener[] = [];
  const own = (name: string, path: string, port: number): void => {
    listeners.push({ name, path, address: "127.0.0.1", port });
  };
  const ownsPlatform = platform?.kind !== "stack";
  if (ownsPlatform && pyroscope?.kind === "local") {
    own("Pyroscope HTTP", "pyroscope.httpPort", pyroscope.httpPort);
    own("Pyroscope gRPC", "pyroscope.grpcPort", pyroscope.grpcPort);
    if (holds("ownStorage", pyroscope.version))
      own("Pyroscope raft", "pyroscope.raftPort", pyroscope.raftPort);
  }
  if (ownsPlatform && alloy !== undefined) own("Alloy HTTP", "alloy.httpPort", alloy.httpPort);
  if (traces !== undefined) {
    own("Alloy OTLP/gRPC", "traces.grpcPort", traces.grpcPort);
    own("Alloy OTLP/HTTP", "traces.httpPort", traces.httpPort);
  }
  listeners.push(...knownServers(settings, listeners));
  // What else runs there comes before the services, so that a collision is told at the service, which is ours to move.
  const lists = { otherListeners, services };
  for (const [list, entries] of Object.entries(lists)) {
    entries.forEach((entry, i) => {
      if (entry !== undefined)
        listeners.push({
          name: entry.name,
          path: `${list}[${i}].port`,
          address: entry.address,
          port: entry.port,
        });
    });
  }
  services.forEach((service, i) => {
    const port = service?.metrics?.port;
    if (service === undefined || port === undefined || port === service.port) return;
    listeners.push({
      name: `${service.name} (metrics)`,
      path: `services[${i}].metrics.port`,
      address: service.address,
      port,
    });
  });
  return listeners;
}

/** The storage that the declared services need in a local Pyroscope. */
export function storageEstimateOf(services: readonly Service[], pyroscope: LocalPyroscope): StorageEstimate {
  return estimateStorage(services, pyroscope.retention, storageModel(pyroscope.version));
}

function duplicateServices({ services = [] }: PartialSettings): Issue[] {
  const seen = new Map<string, number>();
  return services.flatMap((service, i): Issue[] => {
    if (service === undefined) return [];
    const { name } = service;
    const first = seen.get(name);
    seen.set(name, first ?? i);
    if (first === undefined) return [];
    return [
      {
        path: `services[${i}].name`,
        message: `"${name}" is also services[${first}]: give each service its own name`,
      },
    ];
  });
}

function portCollisions(settings: PartialSettings): Issue[] {
  return findCollisions(listenersOf(settings)).map(({ first, second }) => ({
    path: second.path,
    message:
      `${second.name} on ${hostPort(second.address, second.port)} collides with ${first.name} on ` +
      `${hostPort(first.address, first.port)} (${first.path}): set another port for one of them`,
  }));
}

function tooLittleDisk({ platform, pyroscope, services }: PartialSettings): Issue[] {
  if (platform?.kind === "stack" || pyroscope?.kind !== "local" || services === undefined) return [];
  if (!services.every((service) => service !== undefined)) return [];
  const { bytes } = storageEstimateOf(services, pyroscope);
  if (bytes <= pyroscope.diskBudget) return [];
  const needed = Math.ceil(bytes / parseSize("1GiB"));
  const days = formatDuration(pyroscope.retention);
  const message =
    `${formatSize(pyroscope.diskBudget)} does not hold ${days} of profiles, about ${needed}GiB: set pyroscope.diskBudget to ` +
    `${needed}GiB if the disk has them, a shorter pyroscope.retention, or a longer interval for the services`;
  return [{ path: "pyroscope.diskBudget", message }];
}
