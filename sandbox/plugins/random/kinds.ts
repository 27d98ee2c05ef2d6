import { randomBytes, randomInt } from "node:crypto";
import { type Properties } from "../values";
import { makePassword, type PasswordInputs } from "./password";
import { adjectives, names } from "./words";

/** One kind of random resource. */
export interface Kind {
  inputs: string[];
  /** The inputs with the defaults, as the state holds them. */
  complete: (inputs: Properties) => Properties;
  make: (inputs: Properties) => { id: string; outputs: Properties };
}

function pick<T>(list: readonly T[]): T {
  return list[randomInt(list.length)] as T;
}

const password: Kind = {
  inputs: [
    "length",
    "lower",
    "upper",
    "numeric",
    "special",
    "overrideSpecial",
    "keepers",
    "minLower",
    "minUpper",
    "minNumeric",
    "minSpecial",
  ],
  complete(inputs) {
    const numeric = inputs["numeric"] ?? inputs["number"] ?? true;
    return {
      lower: true,
      upper: true,
      special: true,
      minLower: 0,
      minUpper: 0,
      minNumeric: 0,
      minSpecial: 0,
      ...inputs,
      numeric,
      number: numeric,
    };
  },
  make: (inputs) => ({ id: "none", outputs: { ...makePassword(inputs as unknown as PasswordInputs) } }),
};

const pet: Kind = {
  inputs: ["length", "prefix", "separator", "keepers"],
  complete: (inputs) => ({ length: 2, separator: "-", ...inputs }),
  make(inputs) {
    const { length, prefix, separator } = inputs as { length: number; prefix?: string; separator: string };
    const words = [...Array.from({ length: length - 1 }, () => pick(adjectives)), pick(names)];
    return { id: [...(prefix === undefined ? [] : [prefix]), ...words].join(separator), outputs: {} };
  },
};

const id: Kind = {
  inputs: ["byteLength", "prefix", "keepers"],
  complete: (inputs) => inputs,
  make(inputs) {
    const { byteLength, prefix = "" } = inputs as { byteLength: number; prefix?: string };
    const bytes = randomBytes(byteLength);
    const hex = bytes.toString("hex");
    const outputs = {
      b64Std: prefix + bytes.toString("base64"),
      b64Url: prefix + bytes.toString("base64url"),
      dec: prefix + BigInt(`0x${hex}`).toString(),
      hex: prefix + hex,
    };
    return { id: bytes.toString("base64url"), outputs };
  },
};

export const kinds: Record<string, Kind> = {
  "random:index/randomPassword:RandomPassword": password,
  "random:index/randomPet:RandomPet": pet,
  "random:index/randomId:RandomId": id,
};
