import * as pulumi from "@pulumi/pulumi";

/**
 * The error for a user's mistake: Pulumi shows its message and nothing else.
 * It carries no stack. Pulumi inspects the stack's source lines to colour them, which takes Node some 12 s where one of
 * them is in a large file of `@pulumi/pulumi`; and a user's mistake is in no line of ours.
 * @param message what is wrong, where, and what to do
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = "";
  // Pulumi writes before it of which property of a resource it was to become a part, which says nothing to the user.
  Object.defineProperty(error, "message", { get: () => message, set: () => undefined });
  return error;
}
