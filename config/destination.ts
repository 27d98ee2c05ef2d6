import { X509Certificate } from "node:crypto";
import type { z } from "zod";
import { account } from "./account";
import { url } from "./addresses";
import * as field from "./fields";

const certificatesForm =
  "certificates in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----";

/** The authorities of a place of one's own; its certificate is then judged by these alone. */
const certificates = field
  .opaqueText(certificatesForm)
  .superRefine((value, context) => {
    const message = certificatesProblem(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  })
  .transform((value) => `${value.trim()}\n`);

function certificatesProblem(text: string): string | undefined {
  if (text.includes("PRIVATE KEY-----"))
    return "holds a private key, which belongs nowhere here: set certificates only";
  const all = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const rest = text.replace(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g, "").trim();
  if (all.length === 0 || rest !== "") return `must be ${certificatesForm}`;
  const damaged = all.findIndex((one) => !isCertificate(one));
  return damaged < 0 ? undefined : `is damaged: certificate ${damaged + 1} of ${all.length} cannot be read`;
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A place that profiles are sent to.
 * @param what it is, for the messages
 * @param password the key of the secret that is its user's password
 */
export function destination(what: string, password: string) {
  return field
    .map("a map with at least url, and tenant, user and ca if need be", {
      url: url(`the address of ${what}`).describe("The address that Alloy on this host sends profiles to."),
      ...account(password),
      ca: certificates
        .optional()
        .describe(
          "The certificates of the authorities that its certificate has to be of, such as one of your own. They are no secret.",
        )
        .meta({ fallback: "those that the host trusts" }),
    })
    .superRefine(refuseCaWithoutTls, { when: field.isMap });
}

function refuseCaWithoutTls(value: unknown, context: z.RefinementCtx): void {
  const { url: address, ca } = value as { url?: unknown; ca?: unknown };
  if (ca === undefined || typeof address !== "string" || !address.startsWith("http://")) return;
  const message = "is of no use with http://, which shows no certificate: leave it out, or write https://";
  context.addIssue({ code: "custom", path: ["ca"], message });
}
