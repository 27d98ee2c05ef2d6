import { isIP, isIPv4 } from "node:net";
import { type z } from "zod";
import { anyText, expected, not } from "./fields";

/**
 * An http or https URL without credentials, query or fragment, and without a slash at the end.
 * @param instead where one with them belongs
 */
export function url(what: string, instead = "") {
  const form = `${what}: an http or https URL without user, password, query or fragment`;
  return anyText(form)
    .meta({ form: "an http or https URL without user, password, query or fragment" })
    .superRefine((value, context) => {
      const problem = urlProblem(value, form, instead);
      if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
    })
    .transform((value) => value.replace(/\/+$/, ""));
}

/** The message shows no part of a URL that may be a secret. */
function urlProblem(value: string, form: string, instead: string): string | undefined {
  if (value === "") return `is required: set ${form}`;
  const shown = not(value, form);
  if (/^[A-Za-z0-9.[\]:-]+(\/[\w./-]*)?$/.test(value) && !value.includes("://")) {
    const isPublic = /^[\w-]+(\.[\w-]+)*\.[a-z]+(\/|$)/i.test(value);
    const example = isPublic ? "https" : "http";
    return `must be ${form}${shown}, which has no scheme: write "${example}://" before it`;
  }
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const parts = parsed === undefined ? {} : extraParts(parsed);
  const extra = Object.keys(parts).filter((name) => parts[name as keyof typeof parts] !== "");
  if (extra.length > 0) return `must be ${form}: this one has a ${extra.join(" and a ")}${instead}`;
  const hasSecret = parsed === undefined && /[@?#]/.test(value);
  if (parsed === undefined || /[\s"'\\]/.test(value)) return `must be ${form}${hasSecret ? "" : shown}`;
  return /^https?:$/.test(parsed.protocol) ? undefined : `must be ${form}${shown}`;
}

function extraParts({ username, password, search, hash }: URL) {
  return { user: username, password, query: search, fragment: hash };
}

/** A host name or an IP address, to dial; a name without the dot that may end it. */
export function dialAddress(what: string) {
  const form = `${what}, without user and port`;
  return anyText(form)
    .meta({ form: "a host name or an IP address, without user and port" })
    .transform((value) => (isIP(value) > 0 ? value : value.replace(/(?<=\w)\.$/, "")))
    .refine((value) => isIP(value) > 0 || isHostName(value), { error: expected(form) });
}

/** Labels of letters, digits and `-`. What ends in a number would be an IP address, and is none. */
export function isHostName(value: string): boolean {
  const label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
  const form = new RegExp(`^(${label}\\.)*${label}$`);
  return value.length <= 253 && form.test(value) && !/(^|\.)(\d+|0[xX][\da-fA-F]*)$/.test(value);
}

/** An address to listen on. */
export function listenAddress(): z.ZodString {
  const form = "an IP address or localhost";
  const error = expected(form);
  return anyText(form).refine((value) => value === "localhost" || isIP(value) > 0, { error });
}

/** An address that only the host itself reaches. */
export function loopbackAddress(): z.ZodString {
  const form =
    "a loopback address (127.0.0.1, ::1 or localhost), because profiles are served without authentication";
  const isLoopback = (value: string): boolean =>
    value === "localhost" || value === "::1" || (isIPv4(value) && value.startsWith("127."));
  return anyText(form).refine(isLoopback, { error: expected(form) });
}

/** Whether a URL's host is this machine itself, in any spelling that dials it. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    ["localhost", "0.0.0.0", "[::]", "[::1]"].includes(hostname) ||
    hostname.endsWith(".localhost") ||
    (isIPv4(hostname) && hostname.startsWith("127."))
  );
}
