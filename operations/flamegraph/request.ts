import { querier, type Question, selector } from "../verify/pyroscope";
import type { TimeRange } from "../pyroscope-api";

/** Asks for all profiles of a time as one, in the pprof format. As JSON it would be another format, and many times larger. */
export function mergeRequest(type: string, labels: Record<string, string>, range: TimeRange): Question {
  const body = Buffer.concat([
    textField(1, type),
    textField(2, selector(labels)),
    numberField(3, range.start),
    numberField(4, range.end),
  ]);
  return { path: `${querier}/SelectMergeProfile`, body };
}

/** A field of a protobuf message: its number and wire type 2, the length, the bytes. */
function textField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

/** The same with wire type 0, a whole number. */
function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(Math.round(value))]);
}

/** Seven bits a byte, the lowest first; a set high bit says that more follow. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
