import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** The machine that a measurement ran on, as it was before it. */
export interface Machine {
  processor: string;
  cores: number;
  memoryGiB: number;
  system: string;
  /** Of 1, 5 and 15 minutes. */
  loadBefore: number[];
}

export function thisMachine(): Machine {
  const all = cpus();
  const [, name = ""] = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8")) ?? [];
  return {
    processor: all[0]?.model ?? "",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${name}, Linux ${release()}`,
    loadBefore: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}
