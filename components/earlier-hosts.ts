import type * as pulumi from "@pulumi/pulumi";
import type { HostSettings, PlacedHost, Settings } from "../config/settings";
import { lastCommands, type LastCommand, type Renamed } from "./host/last-commands";

type Connection = NonNullable<LastCommand["connection"]>;

/** What the names of all that is of a host begin with. @param host its name, where there are several */
export function hostPrefix(name: string, host: string | undefined): string {
  return host === undefined ? name : `${name}-${host}`;
}

const setup = "-host-setup";

/**
 * The hosts that the state has under another name, as `host` has none, and `hosts` may have had another: a machine is known by
 * its address or its host key, and what is on it is taken over as it is.
 * @param name of the component
 * @param stack `organization/project/stack`
 */
export async function earlierHosts(
  name: string,
  stack: string,
  { hosts }: Pick<Settings, "hosts">,
): Promise<Renamed[]> {
  const last = await lastCommands(stack);
  const had = Object.keys(last).flatMap((command) =>
    command.endsWith(setup) ? [command.slice(0, -setup.length)] : [],
  );
  const now = hosts.map((host) => hostPrefix(name, host.name));
  const free = had.filter((prefix) => !now.includes(prefix));
  const fresh = hosts.filter((host) => !had.includes(hostPrefix(name, host.name)));
  const pairs = (isOne: (last: Connection, now: HostSettings) => boolean): [string, PlacedHost][] =>
    free.flatMap((from) => {
      const { connection } = last[from + setup] ?? {};
      const same = fresh.filter(({ reached }) => connection !== undefined && isOne(connection, reached));
      return same.map((host): [string, PlacedHost] => [from, host]);
    });
  const byAddress = pairs(({ host, port = 22 }, { address, port: at }) => host === address && port === at);
  // Hosts that are made of one image have one key, which then tells nothing.
  const byKey = pairs(({ hostKey }, one) => hostKey !== undefined && hostKey === one.hostKey).filter(
    ([from, host], _, all) => all.every(([f, h]) => (f === from) === (h === host)),
  );
  const found = [...byAddress, ...byKey].filter(
    ([from, host], i, all) => all.findIndex(([f, h]) => f === from || h === host) === i,
  );
  return found.map(([from, host]) => ({ from, to: hostPrefix(name, host.name) }));
}

/** Has the resources of such hosts take over what the state has. */
export function renaming(
  renamed: readonly Renamed[] = [],
  { transformations = [] }: pulumi.ComponentResourceOptions,
): Pick<pulumi.ComponentResourceOptions, "transformations"> {
  if (renamed.length === 0) return {};
  // The longest first: one name may begin with another.
  const byLength = [...renamed].sort((a, b) => b.to.length - a.to.length);
  const takeOver: pulumi.ResourceTransformation = ({ name, props, opts }) => {
    const one = byLength.find(({ to }) => name.startsWith(`${to}-`));
    if (one === undefined) return undefined;
    const before = { name: one.from + name.slice(one.to.length) };
    return { props, opts: { ...opts, aliases: [...(opts.aliases ?? []), before] } };
  };
  return { transformations: [...transformations, takeOver] };
}
