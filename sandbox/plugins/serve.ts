import * as log from "@pulumi/pulumi/log";
import { main, type Provider } from "@pulumi/pulumi/provider";
import { DependencyResource } from "@pulumi/pulumi/resource";
import { resetOptions } from "@pulumi/pulumi/runtime/settings";

/** What a provider says to the engine while it works on one resource. */
export interface Logger {
  /** A line that is shown beside the resource while the operation runs. */
  status(line: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** Settles when all of it has reached the engine. */
  delivered(): Promise<unknown>;
}

export function loggerOf(urn: string): Logger {
  const resource = new DependencyResource(urn);
  // The SDK delivers messages one after the other, so the last one stands for all.
  let last: Promise<unknown> = Promise.resolve();
  return {
    status: (line) => void (last = log.info(line, resource, undefined, true)),
    warn: (message) => void (last = log.warn(message, resource)),
    error: (message) => void (last = log.error(message, resource)),
    delivered: () => last,
  };
}

/** Serves a provider to the engine that started this process, and ends when that engine is gone. */
export async function serve(provider: Provider): Promise<void> {
  const args = process.argv.slice(2);
  const engine = args.find((arg) => /^[^-].*:\d+$/.test(arg)) ?? "";
  resetOptions("", "", -1, engine, "", false, "");
  const busy = { operations: 0 };
  endWithEngine(busy);
  await main(counting(provider, busy), args);
}

/** An engine that was killed says no goodbye: what is under way is finished, then the plugin goes too. */
export function endWithEngine(busy: { operations: number }): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && busy.operations === 0) process.exit(1);
  }, 500).unref();
}

function counting(provider: Provider, busy: { operations: number }): Provider {
  const count = async <T>(operation: Promise<T>): Promise<T> => {
    busy.operations++;
    try {
      return await operation;
    } finally {
      busy.operations--;
    }
  };
  const { create, update } = provider;
  const remove = provider.delete;
  return {
    ...provider,
    ...(create && { create: (...args) => count(create(...args)) }),
    ...(update && { update: (...args) => count(update(...args)) }),
    ...(remove && { delete: (...args) => count(remove(...args)) }),
  };
}
