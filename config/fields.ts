import { isIP, isIPv4 } from "node:net";
import { z } from "zod";
import { nearest } from "./nearest";
import { parseDuration, parseSize, UnitError } from "./units";

/** A value as a message may show it: short, and never the content of a list or map. */
function show(value: unknown): string {
  if (typeof value === "string") return `"${value.length > 40 ? `${value.slice(0, 40)}...` : value}"`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "a map" : String(value);
}

/** The message for a value that is missing or is not `what`. */
export function expected(what: string): (issue: { input?: unknown }) => string {
  return ({ input }) => {
    if (input === undefined || input === "") return `is required: set ${what}`;
    const isQuoted =
      typeof input === "string" && /^(\d+|true|false)$/.test(input) && /number|true or false/.test(what);
    return `must be ${what}, not ${isQuoted ? `the text ${show(input)}: write it without quotes` : show(input)}`;
  };
}

/** A text of a given form; `what` describes the form in the message. */
export function text(what: string, form: RegExp): z.ZodString {
  const error = expected(what);
  return z.string({ error }).regex(form, { error });
}

/** Any text, not empty, whose content no message shows. */
export function opaqueText(what: string): z.ZodString {
  const error = `must be ${what}, as text`;
  return z.string({ error }).min(1, { error });
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: expected("true or false") });
}

export function port(): z.ZodNumber {
  const error = expected("a port number from 1 to 65535");
  return z.number({ error }).int({ error }).min(1, { error }).max(65_535, { error });
}

export function duration() {
  return unit("a duration", parseDuration);
}

export function size() {
  return unit("a size", parseSize);
}

function unit<T>(what: string, parse: (text: string) => T) {
  return z.string({ error: expected(what) }).transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      context.addIssue({ code: "custom", message: `${error.message}, not ${show(value)}` });
      return z.NEVER;
    }
  });
}

/** An http or https URL without credentials, query or fragment, and without a slash at the end. */
export function url(what: string) {
  const error = `must be ${what}: an http or https URL without user, password, query or fragment`;
  return z
    .string({ error })
    .refine(isPlainUrl, { error })
    .transform((value) => value.replace(/\/+$/, ""));
}

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value) || /[\s"'\\]/.test(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === "";
}

/** A host name or an IP address, to dial. */
export function dialAddress(what: string): z.ZodString {
  const error = expected(what);
  return z
    .string({ error })
    .refine((value) => isIP(value) > 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value), { error });
}

/** An address to listen on. */
export function listenAddress(): z.ZodString {
  const error = expected("an IP address or localhost");
  return z.string({ error }).refine((value) => value === "localhost" || isIP(value) > 0, { error });
}

/** An address that only the host itself reaches. */
export function loopbackAddress(): z.ZodString {
  const error = expected(
    "a loopback address (127.0.0.1, ::1 or localhost), because profiles are served without authentication",
  );
  const isLoopback = (value: string): boolean =>
    value === "localhost" || value === "::1" || (isIPv4(value) && value.startsWith("127."));
  return z.string({ error }).refine(isLoopback, { error });
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
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => instead(key) ?? unknownKey(key, Object.keys(shape))).join("\n")
        : expected(what)(issue),
  });
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
  return error.issues.flatMap((issue): FieldIssue[] => {
    if (issue.code !== "unrecognized_keys") return [issue];
    const messages = issue.message.split("\n");
    return issue.keys.map((key, i) => ({
      path: [...issue.path, key],
      message: messages[i] ?? issue.message,
    }));
  });
}

/** Tells the issues of a schema that was chosen by looking at the value. */
export function adoptIssues(context: z.RefinementCtx, error: z.ZodError): void {
  for (const { path, message } of issuesOf(error))
    context.addIssue({ code: "custom", path: [...path], message });
}

/** What to tell of a key that does not exist. */
export function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `is no setting: ${meant === undefined ? `known here are ${known.join(", ")}` : `did you mean "${meant}"?`}`;
}
