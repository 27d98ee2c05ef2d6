import { isIPv6 } from "node:net";

/** Something that listens on the host. */
export interface Listener {
  /** Who listens, for messages: `Pyroscope HTTP`, `soar-run`. */
  readonly name: string;
  /** The setting that decides the port: `pyroscope.httpPort`. */
  readonly path: string;
  /** An IP address or `localhost`. `0.0.0.0` and `::` stand for every address. */
  readonly address: string;
  readonly port: number;
}

/** Two listeners that cannot both have their port; `second` comes later in the list. */
export interface Collision {
  readonly first: Listener;
  readonly second: Listener;
}

/**
 * Finds the listeners whose address and port overlap those of an earlier one, in one pass.
 * Each is told once, against the first that it meets.
 */
export function findCollisions(listeners: readonly Listener[]): Collision[] {
  const taken = new Map<number, { any: Listener; everywhere?: Listener; byAddress: Map<string, Listener> }>();
  const collisions: Collision[] = [];
  for (const second of listeners) {
    const address = canonicalAddress(second.address);
    const onPort = taken.get(second.port);
    if (onPort === undefined) {
      const byAddress = new Map([[address, second]]);
      taken.set(second.port, { any: second, byAddress, ...(isWildcard(address) && { everywhere: second }) });
      continue;
    }
    const first = onPort.everywhere ?? (isWildcard(address) ? onPort.any : onPort.byAddress.get(address));
    if (first !== undefined) collisions.push({ first, second });
    if (!onPort.byAddress.has(address)) onPort.byAddress.set(address, second);
    if (isWildcard(address)) onPort.everywhere ??= second;
  }
  return collisions;
}

/** `127.0.0.1:4040`, `[::1]:4040`: the form that dials. */
export function hostPort(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** One spelling for each address; `localhost` is taken for 127.0.0.1. */
function canonicalAddress(address: string): string {
  if (address === "localhost") return "127.0.0.1";
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address;
}

function isWildcard(canonical: string): boolean {
  return canonical === "0.0.0.0" || canonical === "[::]";
}
