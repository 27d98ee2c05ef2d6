import { jsonSchema } from "../config/fields";
import { settingsSchema } from "../config/settings";

/** What the schema says of a setting or of a field of one, as JSON Schema has it, with words of our own. */
export interface Documented {
  readonly description?: string;
  /** What may be written there, in words. */
  readonly form?: string;
  readonly default?: unknown;
  /** What is done without a value, in words, where that is no plain value. */
  readonly fallback?: string;
  /** Values that show how it is written. Not `examples`, which zod leaves out where a value is transformed. */
  readonly samples?: readonly unknown[];
  readonly enum?: readonly string[];
  /** The fields of a map. */
  readonly properties?: Readonly<Record<string, Documented>>;
  readonly required?: readonly string[];
  /** Of a map whose keys are names. */
  readonly additionalProperties?: Documented | boolean;
  /** Of a list. */
  readonly items?: Documented;
  /** The kinds of map that a setting may be. */
  readonly anyOf?: readonly Documented[];
}

/** A field of a map, at whatever depth. */
export interface DocumentedField {
  /** As messages have it: `host.jump.address`, `services[].port`. */
  readonly path: string;
  readonly schema: Documented;
  readonly isRequired: boolean;
}

/** The plain settings, in the schema's order. */
export const documentedSettings: readonly DocumentedField[] = ownFields(jsonSchema(settingsSchema), "");

/** All fields of a map, or of the maps in a list, those of inner maps after the field that they are in. */
export function fieldsOf({ path, schema }: Pick<DocumentedField, "path" | "schema">): DocumentedField[] {
  if (schema.items !== undefined) return fieldsOf({ path: `${path}[]`, schema: schema.items });
  const { additionalProperties: named } = schema;
  if (typeof named === "object") return fieldsOf({ path: `${path}.NAME`, schema: named });
  return ownFields(schema, `${path}.`).flatMap((field) => [field, ...fieldsOf(field)]);
}

function ownFields({ properties = {}, required = [] }: Documented, prefix: string): DocumentedField[] {
  return Object.entries(properties).map(([name, schema]) => ({
    path: `${prefix}${name}`,
    schema,
    isRequired: required.includes(name),
  }));
}

const either = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** What may be written for a field, in words; undefined where the schema does not say it. */
export function formOf({ form, enum: words, items, anyOf }: Documented): string | undefined {
  if (form !== undefined) return form;
  if (words !== undefined) return either.format(words.map((word) => `\`${word}\``));
  if (items !== undefined) return `a list; each item is ${formOf(items) ?? ""}`;
  return anyOf === undefined ? undefined : "a map of one of these kinds";
}
