import { randomInt } from "node:crypto";
import { hashSync } from "bcryptjs";

export interface PasswordInputs {
  length: number;
  lower: boolean;
  upper: boolean;
  numeric: boolean;
  special: boolean;
  minLower: number;
  minUpper: number;
  minNumeric: number;
  minSpecial: number;
  overrideSpecial?: string;
}

/** A password with at least the asked number of each class of characters, and its bcrypt hash. */
export function makePassword(inputs: PasswordInputs): { result: string; bcryptHash: string } {
  const special =
    inputs.overrideSpecial === undefined || inputs.overrideSpecial === ""
      ? "!@#$%&*()-_=+[]{}<>:?"
      : inputs.overrideSpecial;
  const lower = "abcdefghijklmnopqrstuvwxyz";
  const classes = [
    { used: inputs.lower, least: inputs.minLower, characters: lower },
    { used: inputs.upper, least: inputs.minUpper, characters: lower.toUpperCase() },
    { used: inputs.numeric, least: inputs.minNumeric, characters: "0123456789" },
    {
      used: inputs.special,
      least: inputs.minSpecial,
      characters: special,
    },
  ];
  const all = classes.map(({ used, characters }) => (used ? characters : "")).join("");
  const least = classes.reduce((sum, each) => sum + each.least, 0);
  if (inputs.length < Math.max(1, least)) {
    throw new Error(`length is ${inputs.length}, at least ${Math.max(1, least)} is needed`);
  }
  if (all === "") throw new Error("no class of characters is allowed");

  const chosen = classes.flatMap((each) => choose(each.characters, each.least));
  const result = shuffle([...chosen, ...choose(all, inputs.length - least)]).join("");
  return { result, bcryptHash: hashSync(result, 10) };
}

function choose(characters: string, count: number): string[] {
  return Array.from({ length: count }, () => characters.charAt(randomInt(characters.length)));
}

function shuffle(items: string[]): string[] {
  const left = [...items];
  return items.flatMap(() => left.splice(randomInt(left.length), 1));
}
