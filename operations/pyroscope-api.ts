/** Posts a query to Pyroscope and returns the answer; where and how is the caller's. */
export type PyroscopeQuery = (path: string, body: object) => Promise<unknown>;

/** Queries the Pyroscope at a URL. Errors carry what it answered. */
export function pyroscopeAt(url: string): PyroscopeQuery {
  return async (path, body) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url}${path} answers ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as unknown;
  };
}

/** A time range in milliseconds. */
export interface TimeRange {
  start: number;
  end: number;
}

/** A kind of profile that a service has in Pyroscope. */
export interface StoredProfile {
  service: string;
  environment: string;
  /** Such as `process_cpu:cpu:nanoseconds:cpu:nanoseconds`. */
  type: string;
}

/** A flame graph as Pyroscope answers it: in `levels`, four numbers a bar: offset, total, self, index of the name. */
export interface FlameGraph {
  names: string[];
  levels: { values: string[] }[];
  total: number;
}

const service = "/querier.v1.QuerierService";

/** All kinds of profiles that were stored within a time range. */
export async function storedProfiles(query: PyroscopeQuery, range: TimeRange): Promise<StoredProfile[]> {
  const labelNames = ["service_name", "environment", "__profile_type__"];
  const answer = (await query(`${service}/Series`, { matchers: [], labelNames, ...range })) as {
    labelsSet?: { labels: { name: string; value: string }[] }[];
  };
  return (answer.labelsSet ?? []).map(({ labels }) => {
    const value = (name: string): string => labels.find((label) => label.name === name)?.value ?? "";
    return {
      service: value("service_name"),
      environment: value("environment"),
      type: value("__profile_type__"),
    };
  });
}

/** The flame graph of a kind of profile within a time range; its total is 0 when nothing was stored. */
export async function flameGraph(
  query: PyroscopeQuery,
  profile: StoredProfile,
  range: TimeRange,
): Promise<FlameGraph> {
  const answer = (await query(`${service}/SelectMergeStacktraces`, {
    ...range,
    profileTypeID: profile.type,
    labelSelector: selector(profile),
    maxNodes: 4096,
  })) as { flamegraph?: { names?: string[]; levels?: FlameGraph["levels"]; total?: string } };
  const { names = [], levels = [], total = "0" } = answer.flamegraph ?? {};
  return { names, levels, total: Number(total) };
}

function selector({ service: name, environment }: StoredProfile): string {
  return `{service_name=${JSON.stringify(name)},environment=${JSON.stringify(environment)}}`;
}

const library = /^(<?&?(core|alloc|std|hashbrown|ahash|memchr|jemalloc|tikv)\b|<(str|f64|\[))|^[^:]*$/;

/** Whether a frame is of the runtime, the allocator or C: what it takes is its caller's doing. */
export function isLibrary(name: string): boolean {
  return library.test(name);
}

/** A bar of a flame graph. */
export interface Bar {
  /** 0 is the whole, which is no function. */
  depth: number;
  /** The index of its name. */
  name: number;
  /** What it takes by itself. */
  own: number;
  /** Where it ends, from the left. */
  end: number;
  /** The one that it stands on. */
  parent: Bar | undefined;
}

/** All bars, level by level. */
export function* barsOf({ levels }: FlameGraph): Generator<Bar> {
  let parents: Bar[] = [];
  for (const [depth, { values }] of levels.entries()) {
    const bars: Bar[] = [];
    let position = 0;
    let below = 0;
    for (let index = 0; index + 3 < values.length; index += 4) {
      const [offset = 0, total = 0, own = 0, name = 0] = values.slice(index, index + 4).map(Number);
      const start = position + offset;
      position = start + total;
      while (below < parents.length && (parents[below]?.end ?? 0) <= start) below++;
      const bar = { depth, name, own, end: position, parent: parents[below] };
      bars.push(bar);
      yield bar;
    }
    parents = bars;
  }
}

/**
 * The function with the largest value of its own, where the runtime's and the allocator's share counts for the function
 * that called them. Undefined when there is no sample.
 */
export function hottestFunction(graph: FlameGraph): string | undefined {
  const self = new Map<string, number>();
  const owners = new Map<Bar, string | undefined>();
  for (const bar of barsOf(graph)) {
    const text = graph.names[bar.name] ?? "";
    const owner = isLibrary(text) ? bar.parent && owners.get(bar.parent) : text;
    owners.set(bar, owner);
    if (owner !== undefined) self.set(owner, (self.get(owner) ?? 0) + bar.own);
  }
  return [...self].sort(([, a], [, b]) => b - a)[0]?.[0];
}
