import type { Installation, ServiceDeclaration } from "./declaration";
import { plainName, refuseWords } from "./words";

/** Arguments of {@link AptPackage}. */
export interface AptPackageArgs extends Installation {
  name: string;
  /** The exact version, as `apt-cache madison` lists it. */
  version: string;
}

/**
 * A package at exactly one version, from one APT source. It is no resource of its own: it comes, changes and goes in the
 * transaction of the service whose program it has, so that a package and its files are never at odds.
 */
export class AptPackage {
  /** What a service's declaration says of it. */
  readonly declared: Required<Pick<ServiceDeclaration, "package" | "install">>;

  constructor({ name, version, ...install }: AptPackageArgs) {
    refuseWords(`AptPackage ${name}`, {
      name: [name, { form: /^[a-z0-9][a-z0-9+.-]+$/, must: "the name of a Debian package" }],
      version: [version, { form: /^[0-9][0-9A-Za-z.+:~-]*$/, must: "the exact version of a Debian package" }],
      source: [install.source, plainName],
    });
    this.declared = { package: { name, version }, install };
  }
}
