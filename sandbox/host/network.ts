import { run, UserError } from "../log";
import { waitFor } from "./process";

/** The cable to the host in subnet N: its outer end has 10.77.N.1, the host 10.77.N.2. */
export interface Subnet {
  number: number;
  /** The outer end, an interface of this machine. */
  interface: string;
  gateway: string;
  address: string;
}

export function subnet(number: number): Subnet {
  return {
    number,
    interface: `soar-${number}`,
    gateway: `10.77.${number}.1`,
    address: `10.77.${number}.2`,
  };
}

/** As `ip -json address` tells. */
export interface Interface {
  ifname: string;
  ifalias?: string;
  addr_info: { local?: string; prefixlen?: number }[];
}

async function interfaces(): Promise<Interface[]> {
  const { stdout } = await run("ip", ["-details", "-json", "address", "show"]);
  return JSON.parse(stdout) as Interface[];
}

/** The interface that has a subnet's name or an address which overlaps it; undefined when the subnet is free. */
export function holderOf(network: Subnet, all: readonly Interface[]): string | undefined {
  const wanted = toNumber(network.gateway);
  return all.find(
    ({ ifname, addr_info }) =>
      ifname === network.interface ||
      addr_info.some(({ local, prefixlen = 32 }) => {
        if (local === undefined || local.includes(":")) return false;
        const size = 2 ** (32 - Math.min(prefixlen, 24));
        return Math.floor(toNumber(local) / size) === Math.floor(wanted / size);
      }),
  )?.ifname;
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Fails when a subnet is in use on this machine, and says by what. */
export async function requireFree(network: Subnet): Promise<void> {
  const holder = holderOf(network, await interfaces());
  if (holder === undefined) return;
  throw new UserError(
    `The sandbox's network ${network.gateway}/24 is taken by the interface ${holder}`,
    `remove the interface or its address ("ip address show dev ${holder}") and try again`,
  );
}

/** The first free subnet from 1 on, apart from the `reserved` numbers. */
export async function findFree(reserved: readonly number[]): Promise<Subnet> {
  const all = await interfaces();
  for (let number = 1; number < 255; number += 1) {
    if (!reserved.includes(number) && holderOf(subnet(number), all) === undefined) return subnet(number);
  }
  throw new UserError("None of the networks 10.77.1.0/24 to 10.77.254.0/24 is free", "end some hosts");
}

/** Waits for the outer end, gives it its address, and marks it as its owner's. */
export async function connect(network: Subnet, owner: string): Promise<boolean> {
  const there = await waitFor(async () => {
    const shown = await run("ip", ["link", "set", network.interface, "up", "alias", owner], {
      allowFailure: true,
    });
    return shown.code === 0 ? true : undefined;
  }, 5000);
  if (there === undefined) return false;
  await run("ip", ["address", "add", `${network.gateway}/24`, "dev", network.interface]);
  return true;
}

/** Removes the outer end if it is the owner's and still there; as a rule it goes with the host's end. */
export async function disconnect(network: Subnet, owner: string): Promise<void> {
  const isOwn = async (): Promise<boolean> =>
    (await interfaces()).some(({ ifname, ifalias }) => ifname === network.interface && ifalias === owner);
  const gone = await waitFor(async () => ((await isOwn()) ? undefined : true), 500);
  if (gone === undefined) await run("ip", ["link", "delete", network.interface], { allowFailure: true });
  if (gone === undefined && (await isOwn()))
    throw new Error(`Cannot remove the interface ${network.interface}`);
}

/** What systemd-networkd reads in the host; sorts before systemd's own 80-container-host0.network. */
export function networkFile(network: Subnet): string {
  return [
    "[Match]",
    "Name=host0",
    "",
    "[Network]",
    "DHCP=no",
    "LinkLocalAddressing=no",
    `Address=${network.address}/24`,
    `Gateway=${network.gateway}`,
    "",
  ].join("\n");
}
