import { randomBytes } from "node:crypto";
import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";

/** Properties as the engine sends them: plain JSON, secrets in an envelope. */
export type Properties = Record<string, unknown>;

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value without the envelopes of secrets, at any depth. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (value[specialSigKey] === specialSecretSig) return plain(value["value"]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

export function secret(value: unknown): Properties {
  return { [specialSigKey]: specialSecretSig, value };
}

/** A value that preview does not know yet. */
export function isUnknown(value: unknown): boolean {
  return plain(value) === unknownValue;
}

/** The resource's type token, for example `command:remote:Command`. */
export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").pop() ?? "";
}

/** An id as the official providers make it: the resource's name and eight random hex digits. */
export function newId(urn: string): string {
  return urn.split("::").slice(3).join("::") + randomBytes(4).toString("hex");
}
