import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { HostFacts } from "../../operations/verify/host-facts";
import type { HttpAnswer } from "../../operations/verify/http";

/** An HTTP answer; by default 200 after no time. */
export function answer(body: string | Buffer, changes: Partial<HttpAnswer> = {}): HttpAnswer {
  return {
    status: 200,
    contentType: "application/octet-stream",
    took: 5,
    body: Buffer.from(body),
    error: undefined,
    isRefused: false,
    isTooLate: false,
    ...changes,
  };
}

/** What a real program answered once, as the file's name says. */
export function recorded(name: string): HttpAnswer {
  return answer(readFileSync(path.join(__dirname, "recorded", name)));
}

/** A host of which nothing is known. */
export function facts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    listeners: [],
    units: new Map(),
    packages: new Map(),
    disk: undefined,
    stored: undefined,
    differences: [],
    hasRecords: true,
    ...changes,
  };
}
