import { z } from "zod";
import { url } from "./addresses";
import * as field from "./fields";

const uidForm = "the uid of a datasource, of letters, digits, _ and -, at most 40";

const existing = field.map("an address, or {uid: ...} of a datasource that exists", {
  uid: field.text(uidForm, /^[a-zA-Z0-9_-]{1,40}$/),
});

/**
 * A datasource of Grafana's: the address of one that we make, or the uid of one that exists.
 * @param known the address where nothing is set
 */
export function datasource(what: string, known: string) {
  const address = url(`the address of ${what}, as Grafana sees it`);
  return z
    .unknown()
    .transform((value, context): { url: string } | { uid: string } => {
      const isText = typeof value !== "object" || value === null;
      const parsed = isText
        ? address.transform((text) => ({ url: text })).safeParse(value)
        : existing.safeParse(value);
      if (parsed.success) return parsed.data;
      field.adoptIssues(context, parsed.error);
      return z.NEVER;
    })
    .optional()
    .describe(`The address of ${what}, or the uid of a datasource for it that Grafana has.`)
    .meta({
      form: `an http or https URL without user, password, query or fragment; or \`{uid: ...}\` with ${uidForm}`,
      fallback: known,
    });
}
