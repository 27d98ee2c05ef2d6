import { type SandboxHost, startHost, stopHost } from "../sandbox/host/host";
import { type Relay, relay } from "../sandbox/host/relay";
import { step } from "../sandbox/log";
import { installPython } from "./host";
import { domain } from "./pulumi";

/** Fresh hosts for each contender. */
export interface Hosts {
  ours: SandboxHost[];
  theirs: SandboxHost[];
}

/** Starts so many for each, which find the first of them by its domain, and ends them afterwards. */
export async function onHosts(
  count: number,
  work: string,
  use: (hosts: Hosts) => Promise<void>,
): Promise<void> {
  const names = (of: string): string[] =>
    Array.from({ length: count }, (_, index) => `bench-${of}-${index + 1}`);
  const relays: Relay[] = [];
  try {
    const started: SandboxHost[] = [];
    // What an earlier run has left would not be fresh.
    for (const name of [...names("ours"), ...names("theirs")]) {
      await stopHost(name);
      started.push(await startHost(name, { quiet: true }));
    }
    const hosts = { ours: started.slice(0, count), theirs: started.slice(count) };
    for (const [first, ...others] of [hosts.ours, hosts.theirs]) {
      for (const other of others) if (first !== undefined) relays.push(await relay(other, first, domain));
    }
    await step(`Python on ${count} of the hosts, for Ansible`, () => installPython(hosts.theirs, work));
    await use(hosts);
  } finally {
    for (const each of relays) await each.cut();
    for (const name of [...names("ours"), ...names("theirs")]) await stopHost(name);
  }
}
