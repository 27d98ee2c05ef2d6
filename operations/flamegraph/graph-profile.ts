import { Function, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";
import type { FlameGraph } from "../pyroscope-api";

/**
 * A flame graph as a profile in the pprof format, not gzipped: it has the functions' names, and not their files and lines.
 * @param type what is measured, such as `inuse_space/bytes`
 */
export function profileOfGraph(graph: FlameGraph, type: string): Buffer {
  const strings = new StringTable();
  const [name = "", unit = ""] = type.split("/");
  const id = (index: number): number => index + 1;
  const profile = new Profile({
    sampleType: [new ValueType({ type: strings.dedup(name), unit: strings.dedup(unit) })],
    function: graph.names.map((text, i) => new Function({ id: id(i), name: strings.dedup(text) })),
    location: graph.names.map((_, i) => new Location({ id: id(i), line: [new Line({ functionId: id(i) })] })),
    sample: stacksOf(graph).map(({ stack, own }) => new Sample({ locationId: stack.map(id), value: [own] })),
    stringTable: strings,
  });
  return Buffer.from(profile.encode());
}

/** What each bar has of its own, with the names' indexes from it outwards; the first level is the whole, and no function. */
function stacksOf({ levels }: FlameGraph): { stack: number[]; own: number }[] {
  const found: { stack: number[]; own: number }[] = [];
  let parents: { end: number; stack: number[] }[] = [];
  for (const [depth, { values }] of levels.entries()) {
    const bars: typeof parents = [];
    let position = 0;
    let parent = 0;
    for (let index = 0; index + 3 < values.length; index += 4) {
      const [offset = 0, total = 0, own = 0, name = 0] = values.slice(index, index + 4).map(Number);
      const start = position + offset;
      position = start + total;
      while (parent < parents.length && (parents[parent]?.end ?? 0) <= start) parent++;
      const stack = depth === 0 ? [] : [name, ...(parents[parent]?.stack ?? [])];
      if (own > 0 && depth > 0) found.push({ stack, own });
      bars.push({ end: position, stack });
    }
    parents = bars;
  }
  return found;
}
