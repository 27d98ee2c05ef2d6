import { isIP } from "node:net";
import { z } from "zod";
import { isHostName } from "./addresses";
import * as field from "./fields";
import { optional } from "./optional";

const domainForm = `a domain such as "pyroscope.glider.flights", of letters, digits, - and .`;

/** A name that a certificate can be for, in the one form that Caddy has it in; or an address, for its own authority. */
const domain = field
  .anyText(domainForm)
  .transform((value) => value.toLowerCase().replace(/(?<=\w)\.$/, ""))
  .refine((value) => isIP(value) === 4 || (value.includes(".") && isHostName(value)), {
    error: field.expected(domainForm),
  });

export const site = optional(
  field.map("a map with at least domain", {
    domain: domain.describe("The name that the site has; an IPv4 address only with `tls: internal`."),
    tls: z
      .enum(["acme", "internal"], { error: field.expected('"acme" or "internal"') })
      .default("acme")
      .describe("Who signs the certificate: `acme` is a public authority, `internal` is Caddy's own."),
    allowPush: field
      .flag()
      .default(false)
      .describe(
        "Whether profiles are also taken through the site, from whoever may read it. The other ones of `hosts` send theirs " +
          "whatever this is.",
      ),
    insecureNoAuthentication: field
      .flag()
      .default(false)
      .describe("Whether anyone may read all profiles, without a password. Not together with `siteUsers`."),
  }),
).describe(
  "The Pyroscope on this host behind the host's own Caddy, by HTTPS and with passwords. It is on with its `domain`.",
);
