import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { readDeclaration, renderDeclaration, type ServiceDeclaration } from "./declaration";
import { dependencies, type Host } from "./host";
import { Component } from "./steady";
import { plainName, refuseWords } from "./words";

/** Arguments of {@link ServiceConfig}. */
export interface ServiceConfigArgs {
  host: Host;
  /** The name of the service's records on the host, unique in the environment. */
  id: string;
  declaration: pulumi.Input<ServiceDeclaration>;
  /**
   * A file holds a secret: the state keeps the files encrypted, nothing of the transaction is logged, and of what a
   * validator says only the positions are shown; its words stay on the host. @default false
   */
  secret?: boolean;
  /** What has to be known of the change to this declaration; told here before anything is done. @default nothing */
  warnings?: pulumi.Input<readonly string[]>;
  /** The {@link ServiceConfig} of this stack, by its `id`, whose files these need. @default they stand alone */
  base?: string;
}

/** What stands beside the records of services (`$state` in `scripts/`). */
const taken = /^(?:packages|sources|scripts|owner|platform|generation|(?:source|apt)-.*)$/;

/** A file as it is in place. */
export interface FileDigest {
  path: string;
  sha256: string;
}

/**
 * All files of one service in one environment, as one transaction: staged, validated by the service's own program,
 * swapped in together, activated and probed; put back on any failure. So is the package, where the declaration has one to
 * install: program and files change together, or neither. See `scripts/service-config`.
 */
export class ServiceConfig extends Component {
  /**
   * The declaration that the host has: of an `up` that leaves this one out (`--target`) that of an earlier one. In a preview
   * the one that it is to have.
   */
  readonly applied: pulumi.Output<string>;
  /** Whether that is the one of the settings. */
  readonly isApplied: pulumi.Output<boolean>;
  /** Path and digest of each file that it has. */
  readonly files: pulumi.Output<FileDigest[]>;

  constructor(name: string, args: ServiceConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:host:ServiceConfig", name, opts);
    refuseWords(
      `ServiceConfig ${name}`,
      { id: [args.id, plainName] },
      taken.test(args.id) ? `id is "${args.id}", which is a name of our own: choose another` : undefined,
    );
    pulumi.output(args.warnings ?? []).apply((warnings) => {
      for (const warning of warnings) void pulumi.log.warn(warning, this);
    });
    const declaration =
      args.secret === true ? pulumi.secret(args.declaration) : pulumi.output(args.declaration);
    const text = declaration.apply((value) => renderDeclaration(value as ServiceDeclaration, args.secret));
    const made = args.host.command(
      `${name}-files`,
      {
        run: ["service-config", "apply", args.id],
        record: args.id,
        remove: ["service-config", "remove", args.id],
        stdin: text,
        silent: args.secret ?? false,
        trial: { base: args.base },
      },
      { parent: this, ...dependencies(opts) },
    );
    const isPreview = pulumi.runtime.isDryRun();
    this.applied = isPreview
      ? text
      : pulumi.all([made.stdin, text]).apply(([stdin, wished]) => stdin ?? wished);
    this.isApplied = isPreview
      ? pulumi.output(true)
      : pulumi.unsecret(pulumi.all([this.applied, text]).apply(([applied, wished]) => applied === wished));
    this.files = this.applied.apply((applied) =>
      [...readDeclaration(applied).files].map(([path, content]) => ({
        path,
        sha256: createHash("sha256").update(content).digest("hex"),
      })),
    );
    this.registerOutputs({ files: this.files });
  }
}
