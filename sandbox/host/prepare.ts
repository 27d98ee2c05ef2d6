import { ensureRepository, type Repository } from "../packages/repository";
import { checkMachine, ensurePackages } from "../prerequisites";
import { ensureAlloy, ensurePyroscope } from "../tools/toolchain";
import { ensureImage, type Image } from "./image";
import { ensureServicesLayer } from "./services-layer";

/** All that a host is made of. */
export interface Ingredients {
  image: Image;
  /** Read-only trees over the image, the topmost first. */
  layers: string[];
  repository: Repository;
}

let ingredients: Promise<Ingredients> | undefined;

/** Prepares what a host is made of; once in each process, and quick when the cache has everything. */
export function prepareIngredients(): Promise<Ingredients> {
  ingredients ??= prepare().catch((error: unknown) => {
    ingredients = undefined;
    throw error;
  });
  return ingredients;
}

async function prepare(): Promise<Ingredients> {
  checkMachine();
  await ensurePackages(["systemd-container", "openssh-client", "iproute2"]);
  // The image waits for the network, the builds for the processors.
  const [image, [repository, layer]] = await together(ensureImage(), build());
  return { image, layers: [layer], repository };
}

async function build(): Promise<[Repository, string]> {
  const tools = { pyroscope: await ensurePyroscope(), alloy: await ensureAlloy() };
  const repository = await ensureRepository(tools);
  return [repository, await ensureServicesLayer()];
}

/** Waits for both, also when one fails: nothing goes on in the background after that. */
async function together<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
