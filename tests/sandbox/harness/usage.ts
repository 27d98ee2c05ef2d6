import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
/** Lets go of what earlier actions have left in this process: a user's command runs in one of its own. */
const collectGarbage = runInNewContext("gc") as () => void;

/** What an action took. */
export interface Usage {
  seconds: number;
  /** Peak of the memory of this process and all that the action started, together, in MiB; what is shared counts once. */
  peak: number;
}

/** Runs an action and measures it. */
export async function measure(action: () => Promise<unknown>): Promise<Usage> {
  collectGarbage();
  let peak = 0;
  let running = true;
  // Such as a host.
  const before = new Set(await childrenOf(process.pid));
  const watch = async (): Promise<void> => {
    while (running) {
      peak = Math.max(peak, await memory(process.pid, before));
      await sleep(100);
    }
  };
  const watching = watch();
  const start = performance.now();
  try {
    await action();
  } finally {
    running = false;
  }
  const seconds = (performance.now() - start) / 1000;
  await watching;
  return { seconds, peak: peak / 1024 };
}

/** In KiB. A process that ends meanwhile has none. */
async function memory(pid: number, except: ReadonlySet<number>): Promise<number> {
  const usage = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const own = Number(/^Pss:\s+(\d+)/m.exec(usage)?.[1] ?? 0);
  const children = (await childrenOf(pid)).filter((child) => !except.has(child));
  const parts = await Promise.all(children.map((child) => memory(child, except)));
  return parts.reduce((sum, part) => sum + part, own);
}

/** Each thread has children of its own; a Go program starts them from any. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}
