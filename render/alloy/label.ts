/**
 * The name of an environment as part of a component's label, which takes no hyphen. Environments hold no underscore, so
 * no two of them have the same; a label goes on with `_`, or ends here in all environments.
 */
export function environmentLabel(environment: string): string {
  return environment.replaceAll("-", "_");
}
