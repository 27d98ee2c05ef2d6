import { managedBy, oneLine } from "./header";

export interface AptSourceArgs {
  readonly url: string;
  readonly suite: string;
  readonly component: string;
  /** Path on the host of the key that signs the repository, and this repository only. */
  readonly keyFile: string;
}

/**
 * Renders an APT source in deb822 form (`*.sources`).
 * @throws Error when a value holds a line break
 */
export function renderAptSource({ url, suite, component, keyFile }: AptSourceArgs): string {
  const fields = { Types: "deb", URIs: url, Suites: suite, Components: component, "Signed-By": keyFile };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${oneLine(value)}`);
  return [`# ${managedBy()}`, ...lines, ""].join("\n");
}
