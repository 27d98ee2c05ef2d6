import { readFile } from "node:fs/promises";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  pid: number;
  /** Clock ticks from the machine's start to the process's. */
  startTime: string;
  /** The machine's start. */
  bootId: string;
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

/** The identity of a running process; undefined when there is none with that number. */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  const startTime = await startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: await bootId() };
}

/** This process. */
export async function thisProcess(): Promise<ProcessId> {
  const id = await identify(process.pid);
  if (id === undefined) throw new Error("/proc does not show this process");
  return id;
}

export async function isRunning(process: ProcessId): Promise<boolean> {
  return (await startTimeOf(process.pid)) === process.startTime && (await bootId()) === process.bootId;
}
