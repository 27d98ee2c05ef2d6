import type { Issue } from "./issue";
import { isLoopback } from "./addresses";
import { otlpReceiver } from "./otlp";
import type { Settings } from "./settings";

/** What is right in itself and of no use, and may still be meant: it is told, and nothing is refused. */
export function doubts(settings: Settings): Issue[] {
  return [
    ...noServices(settings),
    ...unusedMetrics(settings),
    ...unusedUnits(settings),
    ...unusedNames(settings),
    ...loopbackOfEach(settings),
  ];
}

function noServices({ services, platform, alloy, site, push }: Settings): Issue[] {
  // With allowPush others send their profiles here.
  const isPushed = site?.allowPush === true || push !== undefined;
  const isOfUse = services.length > 0 || Object.keys(alloy.fragments).length > 0 || isPushed;
  if (isOfUse) return [];
  const rest = platform.kind === "own" ? ", and only the platform is set up" : "";
  const message = `has no service, so that nothing is profiled${rest}: set at least one, with name and port`;
  return [{ path: "services", message }];
}

function unusedMetrics({ services, prometheus }: Settings): Issue[] {
  const named = services.filter(({ metrics }) => metrics !== undefined).map(({ name }) => name);
  if (prometheus !== undefined || named.length === 0) return [];
  const message = `is set (${short(named)}), and nothing scrapes it: set prometheus.url, or leave it out`;
  return [{ path: "services[].metrics", message }];
}

function unusedUnits({ services, logs }: Settings): Issue[] {
  const named = services.filter(({ unit }) => unit !== undefined).map(({ name }) => name);
  if (logs?.source.includes("journal") === true || named.length === 0) return [];
  const remedy = logs === undefined ? "set logs.url" : "add journal to logs.source";
  const message = `is set (${short(named)}), and no journal is sent anywhere: ${remedy}, or leave it out`;
  return [{ path: "services[].unit", message }];
}

function unusedNames(settings: Settings): Issue[] {
  const { services } = settings;
  const named = services.filter(({ telemetryName }) => telemetryName !== undefined).map(({ name }) => name);
  if (otlpReceiver(settings) !== undefined || named.length === 0) return [];
  const message = `is set (${short(named)}), and nothing comes by OTLP through Alloy, which adds the name to it: set traces.url, or leave it out`;
  return [{ path: "services[].telemetryName", message }];
}

/** What each host would look for on itself. */
function loopbackOfEach({ hosts, logs, traces, pyroscope }: Settings): Issue[] {
  if (hosts.length < 2) return [];
  const ways = [
    { path: "logs.url", url: logs?.url },
    { path: "traces.url", url: traces?.url },
    { path: "pyroscope.remote.url", url: pyroscope.kind === "remote" ? pyroscope.url : undefined },
  ];
  return ways.flatMap(({ path, url }) => {
    if (url === undefined || !isLoopback(url)) return [];
    const message = `is each host's own loopback, and there are ${hosts.length} hosts: where one server is meant, set an address that all of them reach`;
    return [{ path, message }];
  });
}

function short(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
