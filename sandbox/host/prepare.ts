import { ensureBackendsRepository } from "../packages/backends/repository";
import { ensureRepository, type Repository } from "../packages/repository";
import { checkMachine, ensurePackages } from "../prerequisites";
import type { BackendName } from "../tools/backends";
import { ensureAlloy, ensureBackend, ensurePyroscope, type Tool } from "../tools/toolchain";
import { ensureBackendsLayer } from "./backends-layer";
import { ensureServiceCargo, isServiceThere } from "../services/build";
import { defaultRelease, ensureImage, type DebianRelease, type Image } from "./image";
import { ensureServicesLayer } from "./services-layer";

/** All that a host is made of. */
export interface Ingredients {
  image: Image;
  /** Read-only trees over the image, the topmost first. */
  layers: string[];
  repository: Repository;
  /** Of a host with backends: the file with the login of Grafana's administrator. */
  grafanaAuthFile?: string;
}

/** What a host is made with. */
export interface Composition {
  /** @default trixie */
  release?: DebianRelease;
  /** What runs on it beside the services, and has its package in the repository. @default none */
  backends?: readonly BackendName[];
  /** Whether the services compute next to nothing: for who looks at no shares in their profiles. @default false */
  quiet?: boolean;
}

const prepared = new Map<string, Promise<Ingredients>>();

/** Prepares what a host is made of; once in each process, and quick when the cache has everything. */
export function prepareIngredients(composition: Composition = {}): Promise<Ingredients> {
  const { backends = [], release = defaultRelease, quiet = false } = composition;
  const key = `${release} ${String(quiet)} ${backends.join()}`;
  const ingredients =
    prepared.get(key) ??
    (backends.length === 0
      ? prepare(release, quiet)
      : prepareIngredients({ release, quiet }).then((base) => addBackends(base, backends))
    ).catch((error: unknown) => {
      prepared.delete(key);
      throw error;
    });
  prepared.set(key, ingredients);
  return ingredients;
}

/** Refuses a machine on which no host can run, and installs what runs one. */
export async function prepareMachine(): Promise<void> {
  checkMachine();
  await ensurePackages(["systemd-container", "openssh-client", "iproute2"]);
}

async function prepare(release: DebianRelease, quiet: boolean): Promise<Ingredients> {
  await prepareMachine();
  // The image waits for the network, the builds for the processors.
  const [image, [repository, layer]] = await together(ensureImage(release), build(quiet));
  return { image, layers: [layer], repository };
}

async function addBackends(
  { image, layers, repository: base }: Ingredients,
  names: readonly BackendName[],
): Promise<Ingredients> {
  const tools: Partial<Record<BackendName, Tool>> = {};
  for (const name of names) tools[name] = await ensureBackend(name);
  const repository = await ensureBackendsRepository(base, tools);
  const { root, grafanaAuthFile } = await ensureBackendsLayer(image, repository, names);
  return {
    image,
    layers: [root, ...layers],
    repository,
    ...(names.includes("grafana") ? { grafanaAuthFile } : {}),
  };
}

async function build(quiet: boolean): Promise<[Repository, string]> {
  // First, because a machine may have one that is too old.
  if (!(await isServiceThere())) await ensureServiceCargo();
  const tools = { pyroscope: await ensurePyroscope(), alloy: await ensureAlloy() };
  const layer = await ensureServicesLayer(quiet);
  return [await ensureRepository(tools), layer];
}

/** Waits for both, also when one fails: nothing goes on in the background after that. */
async function together<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
