import { isImageThere } from "./host/image";
import { isServiceThere } from "./services/build";
import { type BackendName, backendNames, backends } from "./tools/backends";
import type { Recipe } from "./tools/recipe";
import { actionlint, alloy, pulumi, pyroscope, versitygw } from "./tools/recipes";
import { isThere } from "./tools/toolchain";

/** Something that is done, and about how long it takes on two cores, in minutes. */
export interface Part {
  what: string;
  minutes: number;
}

/** What is still to be made for a host with these, in the order in which it is. */
export async function partsToMake(
  names: readonly BackendName[],
  others: readonly Recipe[] = [],
): Promise<Part[]> {
  const recipes = [pulumi, pyroscope, alloy, ...names.map((name) => backends[name]), ...others];
  const there = await Promise.all(recipes.map((recipe) => isThere(recipe)));
  const tools = recipes.flatMap(({ name, build }, i) =>
    there[i] === true ? [] : [{ what: name, minutes: build.minutes }],
  );
  return [
    ...tools,
    ...((await isServiceThere()) ? [] : [{ what: "the services", minutes: 3 }]),
    ...((await isImageThere()) ? [] : [{ what: "the host's image", minutes: 1 }]),
  ];
}

/** One line: what will be done, and about how long each part takes. */
export function planLine(command: string, toMake: readonly Part[], then: readonly Part[]): string {
  const told = [...toMake, ...then].map(({ what, minutes }) => `${what} (${minutes} min)`);
  const sum = [...toMake, ...then].reduce((total, { minutes }) => total + minutes, 0);
  const less = toMake.length === 0 ? "" : ", less where official releases can be downloaded";
  return `${command}: ${told.join(", ")}: about ${sum} min on two cores${less}`;
}

/** The line of `make test`, which needs everything. */
async function tellTests(): Promise<void> {
  const first = [
    { what: "format, lint, types, shellcheck", minutes: 1 },
    { what: "unit tests", minutes: 2 },
  ];
  const toMake = await partsToMake(backendNames, [actionlint, versitygw]);
  console.log(planLine("make test", [...toMake], [...first, { what: "tests on real hosts", minutes: 35 }]));
}

if (require.main === module) {
  tellTests().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
