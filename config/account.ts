import * as field from "./fields";

/** A user's name for basic authentication. */
export const userName = field.text("a user name without a colon", /^[^:\p{Cc}]+$/u);

/**
 * Tenancy, and basic authentication, of a place that Alloy sends to.
 * @param password the key of the secret that is the user's password
 */
export function account(password: string) {
  return {
    tenant: field
      .text("a tenant", /^[\w!.*'()-]{1,150}$/)
      .meta({ form: "a name of letters, digits and _!.*'()-, at most 150" })
      .optional()
      .describe("The tenant, which is sent as `X-Scope-OrgID`.")
      .meta({ fallback: "none" }),
    user: userName
      .optional()
      .describe(`The user for basic authentication. The password is the secret \`${password}\`.`)
      .meta({ fallback: "no authentication" }),
  };
}
