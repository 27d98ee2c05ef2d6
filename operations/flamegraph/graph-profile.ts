import { Function, Line, Location, Profile, Sample, StringTable, ValueType } from "pprof-format";
import { type Bar, barsOf, type FlameGraph } from "../pyroscope-api";

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

/** What each bar has of its own, with the names' indexes from it outwards. */
function stacksOf(graph: FlameGraph): { stack: number[]; own: number }[] {
  return [...barsOf(graph)]
    .filter(({ depth, own }) => depth > 0 && own > 0)
    .map((bar) => ({ stack: stackOf(bar), own: bar.own }));
}

function stackOf(bar: Bar): number[] {
  const stack: number[] = [];
  for (let at: Bar | undefined = bar; at !== undefined && at.depth > 0; at = at.parent) stack.push(at.name);
  return stack;
}
