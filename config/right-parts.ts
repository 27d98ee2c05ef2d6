import type { z } from "zod";
import { isMap, issuesOf } from "./fields";

/** Whether a value, at a path such as `services[0].port`, is wrong itself or stands in something that is. */
export type IsWrong = (path: string) => boolean;

/** Of the paths of all that is wrong. */
export function wrongPaths(paths: readonly string[]): IsWrong {
  // With one wrong item a list of words is wrong; the services and other listeners stand for themselves.
  const wrong = new Set(paths.flatMap((path) => [path, path.replace(/(\.\w+)\[\d+\]$/, "$1")]));
  return (path) => {
    for (let end = path.length; end > 0; end = path.slice(0, end).search(/(\.[^.[]*|\[[^[]*)$/))
      if (wrong.has(path.slice(0, end))) return true;
    return false;
  };
}

const nowhere = "http://stand-in.invalid";

/**
 * What takes the place of a value that is wrong and has no default, so that the rest of its map can be looked at. No rule
 * tells of it, because its path is a wrong one.
 */
const standIns: Readonly<Record<string, unknown>> = {
  "host.address": "stand-in.invalid",
  "host.hostKey": `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`,
  "pyroscope.remote": { url: nowhere },
  "pyroscope.remote.url": nowhere,
  "pyroscope.also.url": nowhere,
  "pyroscope.storage.s3.endpoint": nowhere,
  "pyroscope.storage.s3.bucket": "stand-in",
  "pyroscope.storage.s3.region": "stand-in",
  "pyroscope.storage.s3.accessKeyId": "stand-in",
  prometheus: { url: "http://127.0.0.1:1" },
  "prometheus.url": "http://127.0.0.1:1",
  logs: { url: nowhere },
  "logs.url": nowhere,
  traces: { url: nowhere },
  "traces.url": nowhere,
  grafana: { url: nowhere },
  "grafana.url": nowhere,
  "grafana.datasources.pyroscope.uid": "stand-in",
  "grafana.datasources.prometheus.uid": "stand-in",
  "grafana.datasources.loki.uid": "stand-in",
  "grafana.datasources.tempo.uid": "stand-in",
  site: { domain: "stand-in.invalid" },
  "site.domain": "stand-in.invalid",
  "services[].name": "stand-in",
  "services[].port": 1,
  "otherListeners[].name": "stand-in",
  "otherListeners[].port": 1,
};

/**
 * What of a setting is right, so that the rules between settings speak also of one that is wrong in a part.
 * @param name the setting, or `services[]` for an item of a list
 * @returns undefined where nothing of it is of use
 */
export function rightParts(schema: z.ZodType, value: unknown, name: string): unknown {
  let rest = value;
  // A rule between two keys can find a second problem once the first is out of its way.
  for (let round = 0; round < 4; round++) {
    const parsed = schema.safeParse(rest);
    if (parsed.success) return parsed.data;
    for (const { path } of issuesOf(parsed.error)) rest = without(rest, path, name);
  }
  return undefined;
}

/** A copy without the value at a path, or with what stands in for it; of a list nothing is kept. */
function without(value: unknown, path: readonly PropertyKey[], name: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined || !isMap({ value })) return standIns[name];
  const { [key]: inner, ...others } = value as Record<PropertyKey, unknown>;
  const place = `${name}.${String(key)}`;
  const goesOn = rest.length > 0 && typeof rest[0] !== "number" && isMap({ value: inner });
  const kept = goesOn ? without(inner, rest, place) : standIns[place];
  return kept === undefined ? others : { ...others, [key]: kept };
}
