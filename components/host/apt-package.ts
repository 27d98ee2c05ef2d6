import * as pulumi from "@pulumi/pulumi";
import type { AptRepository } from "./apt-repository";
import type { Host } from "./host";

/** Arguments of {@link AptPackage}. */
export interface AptPackageArgs {
  host: Host;
  repository: AptRepository;
  /** The Debian package. */
  package: string;
  /** The exact Debian version, such as `1.10.0-1`. */
  version: string;
  /** What has to be known of the way to this version; told here before anything is done. @default nothing */
  warnings?: pulumi.Input<readonly string[]>;
  /** The unit that the package brings; it does not start before a {@link ServiceConfig} is in place. */
  unit: string;
  /** Go back to an older version than the installed one. @default false */
  allowDowngrade?: boolean;
  /** What the service stores; kept when the package goes. */
  dataDirectory: string;
  /** Remove the data with the package. @default false */
  purgeData?: boolean;
}

/**
 * A package at exactly one version, held there, with the configuration files that are on the host. Where the
 * host has another version, the {@link ServiceConfig} of the unit brings this one, together with its files: both, or
 * neither. A package that the host had before stays when this goes.
 */
export class AptPackage extends pulumi.ComponentResource {
  constructor(name: string, args: AptPackageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:host:AptPackage", name, {}, opts);
    pulumi.output(args.warnings ?? []).apply((warnings) => {
      for (const warning of warnings) void pulumi.log.warn(warning, this);
    });
    args.host.command(
      `${name}-install`,
      {
        run: [
          ...["apt-package", "install", args.package, args.version, args.repository.id, args.unit],
          ...(args.allowDowngrade === true ? ["--allow-downgrade"] : []),
        ],
        record: `apt-${args.package}`,
        remove: [
          ...["apt-package", "remove", args.package, args.unit],
          ...[args.purgeData === true ? "purge" : "keep", args.dataDirectory],
        ],
      },
      { parent: this, dependsOn: args.repository },
    );
    this.registerOutputs();
  }
}
