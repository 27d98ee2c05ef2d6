import { chmod, mkdir, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { lock } from "../lock";
import { UserError } from "../log";
import { thisProcess } from "../process-id";
import { defaultRelease } from "./image";
import { findFree, networkFile, requireFree, subnet, type Subnet } from "./network";
import { diskOf } from "./overlay";
import { prepareIngredients, type Composition } from "./prepare";
import { hostDirectory, hostNames, hostsDirectory, readRecord, writeRecord } from "./record";
import type { HostRecord } from "./record";
import { knownHostsFile } from "./ssh";

export interface HostOptions extends Composition {
  /** N of its address 10.77.N.2. @default the first free one from 1 on */
  subnet?: number;
  /** A directory of the host on a file system (in memory) of limited size, e.g. `32M`. */
  limited?: { path: string; size: string };
  /** Directory of the package repository. @default the sandbox's own */
  repository?: string;
}

/** Makes a host's directory: its disk with what differs from the image, and its record. */
export async function createHost(name: string, options: HostOptions): Promise<HostRecord> {
  const { image, layers, repository, grafanaAuthFile } = await prepareIngredients(options);
  const directory = hostDirectory(name);
  const release = await lock(path.join(hostsDirectory(), "subnets.lock"));
  try {
    const network = await reserve(options.subnet);
    const record: HostRecord = {
      name,
      subnet: network.number,
      release: options.release ?? defaultRelease,
      image,
      layers,
      backends: options.backends ?? [],
      ...(options.quiet === undefined ? {} : { quiet: options.quiet }),
      repository: options.repository ?? repository.directory,
      ...(grafanaAuthFile === undefined ? {} : { grafanaAuthFile }),
      ...(options.limited === undefined ? {} : { limited: options.limited }),
      startedBy: await thisProcess(),
    };
    const { upper } = diskOf(directory);
    const files = {
      "etc/hostname": `soar-${name}\n`,
      "etc/hosts": `127.0.0.1 localhost\n127.0.1.1 soar-${name}\n::1 localhost\n`,
      "etc/systemd/network/10-host0.network": networkFile(network),
      // The layers' /usr is younger than the image's: without these, each first boot would renew caches that are right.
      "etc/.updated": "",
      "var/.updated": "",
    };
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(upper, file)), { recursive: true, mode: 0o755 });
      await writeFile(path.join(upper, file), text, { mode: 0o644 });
    }
    await chmod(upper, 0o755);
    await writeFile(knownHostsFile(directory), `${network.address} ${image.hostKey}\n`);
    await writeRecord(record);
    return record;
  } finally {
    await release();
  }
}

/** Fails when a host that is not there yet cannot have its network: before anything is made for it, which takes long. */
export async function checkNetwork(name: string, wanted: number): Promise<void> {
  if ((await readRecord(name)) === undefined) await reserve(wanted);
}

async function reserve(wanted: number | undefined): Promise<Subnet> {
  const others = (await Promise.all((await hostNames()).map(readRecord))).filter(
    (host) => host !== undefined,
  );
  if (wanted === undefined) return findFree(others.map((host) => host.subnet));
  const holder = others.find((host) => host.subnet === wanted);
  if (holder !== undefined) {
    throw new UserError(
      `The sandbox's network ${subnet(wanted).gateway}/24 is taken by the host ${holder.name}`,
      `end it ("make down") or choose another`,
    );
  }
  await requireFree(subnet(wanted));
  return subnet(wanted);
}

/**
 * A host that is there already: it keeps its disk, and so its image and its services, and gets the repository of today.
 */
export async function renewHost(known: HostRecord, options: HostOptions): Promise<HostRecord> {
  const { backends = known.backends } = options;
  const { release, quiet = false } = known;
  const { image, layers, repository } = await prepareIngredients({ backends, release, quiet });
  if (image.rootfs !== known.image.rootfs || layers.join() !== known.layers.join()) {
    process.stderr.write(
      `    The host ${known.name} keeps its older image or services; "make down" and "make up" renew them.\n`,
    );
  }
  return { ...known, repository: options.repository ?? repository.directory };
}
