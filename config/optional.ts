import { z } from "zod";
import * as field from "./fields";

/** Whether nothing is set; the empty map stands for that too. */
export function isOff(value: unknown): boolean {
  return value === undefined || value === null || (field.isMap({ value }) && Object.keys(value).length === 0);
}

/** What is off until it is configured: the empty map stands for that, because Pulumi.yaml must give every key a value. */
export function optional<T>(schema: z.ZodType<T>) {
  return z
    .preprocess((value) => (isOff(value) ? undefined : value), schema.optional())
    .prefault({})
    .meta({ fallback: "off" });
}
