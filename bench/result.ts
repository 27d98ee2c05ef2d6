import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { Machine } from "./machine";
import { median, type Measured } from "./measure";
import type { Way } from "./ways";

/** What one run of `npm run bench` has measured. */
export interface Result {
  date: string;
  machine: Machine;
  versions: Record<string, string>;
  /** How this project's program was started. */
  way: Pick<Way, "by" | "plugins">;
  rows: Row[];
  /** What the time of a run that changes nothing consists of. */
  parts: Part[];
}

export interface Row {
  what: string;
  hosts: number;
  /** On each host. */
  services: number;
  /** One entry a round. */
  ours: Measured[];
  theirs: Measured[];
}

/** What part our time is of theirs. */
export function shareOf({ ours, theirs }: Row): number {
  return secondsOf(ours) / secondsOf(theirs);
}

export function secondsOf(measured: readonly Measured[]): number {
  return median(measured.map(({ seconds }) => seconds));
}

export interface Part {
  what: string;
  by: Way["by"];
  plugins: Way["plugins"];
  seconds: number[];
}

export const resultsDirectory = path.join(__dirname, "results");

/** The newest of the results that are kept. */
export function newestResult(): Result {
  const newest = readdirSync(resultsDirectory)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error(`There is no result in ${resultsDirectory}`);
  return JSON.parse(readFileSync(path.join(resultsDirectory, newest), "utf8")) as Result;
}
