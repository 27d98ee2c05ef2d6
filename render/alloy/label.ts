import type { ProfileKind } from "../../config/service";

/**
 * The name of an environment as part of a component's label, which takes no hyphen. Environments hold no underscore, so
 * no two of them have the same; a label goes on with `_`, or ends here in all environments.
 */
export function environmentLabel(environment: string): string {
  return environment.replaceAll("-", "_");
}

/** What a label cannot hold of a service's name, such that no two names have the same label. */
const escapes: Record<string, string> = { "-": "__", ".": "_d", _: "_u" };

/**
 * The label of the two components, `pyroscope.scrape` and `pyroscope.write`, that one kind of a service's profiles goes
 * through, such as `production_CPU_soar__run`. No environment's label has an upper-case letter: the kind shows where it ends.
 */
export function profileLabel(environment: string, kind: ProfileKind, service: string): string {
  const name = service.replace(/[-._]/g, (char) => escapes[char] ?? char);
  return `${environmentLabel(environment)}_${kind.toUpperCase()}_${name}`;
}

/** A regular expression for the labels of an environment's profiles, and of no other's. */
export function profileLabels(environment: string): string {
  return `${environmentLabel(environment)}_(CPU|HEAP)_.+`;
}
