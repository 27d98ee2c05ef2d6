import { gzipSync, strToU8 } from "fflate";
import { whole, withoutHead } from "./scripts";

/**
 * A long script for `sh -s` at two fifths of its length. Pulumi's state has each input of a command twice, and a backend of files
 * is written as a whole before and after each step: with twenty hosts, half of a first `up` was that. Not by Node's zlib, whose
 * bytes differ between its versions and processors: what has not changed must be the same wherever it is made.
 */
export function packed(script: string): string {
  const bytes = gzipSync(strToU8(script), { mtime: 0 });
  const text = Buffer.from(bytes).toString("base64");
  return whole(withoutHead("packed.sh").replace("# the packed script", () => text));
}
