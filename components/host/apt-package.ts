import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../config/refusal";
import type { AptRepository } from "./apt-repository";
import type { Host } from "./host";

/** What has to be known of a change of the version before it is made. */
export interface PackageChange {
  /** Told at the package. */
  readonly warnings: readonly string[];
  /** Why it is not made. */
  readonly refusal: string | undefined;
}

/** Arguments of {@link AptPackage}. */
export interface AptPackageArgs {
  host: Host;
  repository: AptRepository;
  /** The Debian package. */
  package: string;
  /** The exact Debian version, such as `1.10.0-1`. */
  version: string;
  /** What the way from the version until now to this one means. @default nothing */
  change?: pulumi.Input<PackageChange | undefined>;
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
    const version = pulumi.output(args.change).apply((change) => {
      if (change?.refusal !== undefined) throw refusal(change.refusal);
      for (const warning of change?.warnings ?? []) void pulumi.log.warn(warning, this);
      return args.version;
    });
    args.host.command(
      `${name}-install`,
      {
        run: version.apply((known) => [
          ...["apt-package", "install", args.package, known, args.repository.id, args.unit],
          ...(args.allowDowngrade === true ? ["--allow-downgrade"] : []),
        ]),
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
