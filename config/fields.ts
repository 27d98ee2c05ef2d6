import { z } from "zod";
import { nearest } from "./nearest";
import { durationForm, parseDuration, parseSize, sizeForm, UnitError } from "./units";

/** A value as a message may show it: short, in one line, and never the content of a list or map. */
function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "a map" : String(value);
}

/**
 * The end of a message, with the value that was given.
 * @param form what is wanted, which tells whether quotes are what is missing
 */
export function not(value: unknown, form: string): string {
  const wantsBare = /^(a port number|a number of|true or false)/.test(form);
  if (typeof value === "string" && wantsBare && /^(\d+(\.\d+)?|true|false)$/.test(value))
    return `, not the text ${show(value)}: write it without quotes`;
  const wantsText = !wantsBare && !/\ba (map|list)\b/.test(form);
  if (typeof value === "number" && wantsText) return `, not the number ${value}: write it in quotes`;
  if (typeof value === "boolean" && wantsText) return `, not ${value}: write it in quotes`;
  return `, not ${show(value)}`;
}

/** A message without the value that {@link not} has put at its end. */
export function withoutValue(message: string): string {
  return message.replace(/, not (the (text|number) )?("|-?[\d.]|a list|a map|true|false|Infinity).*$/s, "");
}

/** The message for a value that is missing or is not `what`. */
export function expected(what: string): (issue: { input?: unknown }) => string {
  return ({ input }) => {
    if (input === undefined || input === "") return `is required: set ${what}`;
    return input === null ? `is empty: set ${what}` : `must be ${what}${not(input, what)}`;
  };
}

/** Any text; `what` describes the form that it has to have, in the message and, as `form`, in the documentation. */
export function anyText(what: string): z.ZodString {
  return z.string({ error: expected(what) }).meta({ form: what });
}

/** A text of a given form. */
export function text(what: string, form: RegExp): z.ZodString {
  return anyText(what).regex(form, { error: expected(what) });
}

/** A text in one line. */
export function line(what: string): z.ZodString {
  return text(what, /^[^\p{Cc}\p{Surrogate}]{1,500}$/u).meta({
    form: `${what}, in one line of at most 500 characters`,
  });
}

/** Any text, not empty, whose content no message shows. */
export function opaqueText(what: string): z.ZodString {
  const error = ({ input }: { input?: unknown }): string =>
    `must be ${what}, as text${typeof input === "string" ? "" : not(input ?? "", what)}`;
  return z.string({ error }).min(1, { error }).meta({ form: what });
}

export function flag(): z.ZodBoolean {
  const form = "true or false";
  return z.boolean({ error: expected(form) }).meta({ form });
}

export const portForm = "a port number from 1 to 65535";

export function port(): z.ZodNumber {
  const error = expected(portForm);
  return z.number({ error }).int({ error }).min(1, { error }).max(65_535, { error }).meta({ form: portForm });
}

export function duration() {
  return unit(durationForm, parseDuration);
}

export function size() {
  return unit(sizeForm, parseSize);
}

function unit<T>(what: string, parse: (text: string) => T) {
  return anyText(what).transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      context.addIssue({ code: "custom", message: `${error.message}${not(value, what)}` });
      return z.NEVER;
    }
  });
}

/**
 * A map with these keys and no others. An unknown key is told with the nearest known one;
 * `instead`, when given, tells what a key that belongs elsewhere is about.
 */
export function map<Shape extends z.core.$ZodLooseShape>(
  what: string,
  shape: Shape,
  instead: (key: string) => string | undefined = () => undefined,
) {
  const map = z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => instead(key) ?? unknownKey(key, Object.keys(shape))).join("\n")
        : expected(what)(issue),
  });
  return map.meta({ form: what });
}

/** What may be written for a schema, as JSON Schema: the documentation is made of it. */
export function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input" });
}

/** For rules between the keys of a map: they run also when other keys of it are wrong, so that all is told at once. */
export function isMap({ value }: { value: unknown }): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A problem at a place of the configuration. */
export interface FieldIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The issues that zod found, each unknown key as one of its own. */
export function issuesOf(error: z.ZodError): FieldIssue[] {
  const issues = error.issues.flatMap((issue): FieldIssue[] => {
    if (issue.code !== "unrecognized_keys") return [issue];
    const messages = issue.message.split("\n");
    return issue.keys.map((key, i) => ({
      path: [...issue.path, key],
      message: messages[i] ?? issue.message,
    }));
  });
  return withoutMeant(issues);
}

/** The key that {@link unknownKey} asks for. */
export function meantKey(message: string): string | undefined {
  return /^is no setting: did you mean "(.*)"\?$/.exec(message)?.[1];
}

/** Without the keys that are missing because they are there misspelt, which is told already. */
export function withoutMeant(issues: readonly FieldIssue[]): FieldIssue[] {
  const meant = issues.flatMap(({ path, message }): string[] => {
    const key = meantKey(message);
    return key === undefined ? [] : [JSON.stringify([...path.slice(0, -1), key])];
  });
  return issues.filter(
    ({ path, message }) => !(message.startsWith("is required") && meant.includes(JSON.stringify(path))),
  );
}

/** Tells the issues of a schema that was chosen by looking at the value. */
export function adoptIssues(context: z.RefinementCtx, error: z.ZodError): void {
  for (const { path, message } of issuesOf(error))
    context.addIssue({ code: "custom", path: [...path], message });
}

/** What to tell of a key that does not exist. */
export function unknownKey(key: string, known: readonly string[]): string {
  const meant = key.length > 40 ? undefined : nearest(key, known);
  return `is no setting: ${meant === undefined ? `known here are ${known.join(", ")}` : `did you mean "${meant}"?`}`;
}
