import * as pulumi from "@pulumi/pulumi";
import { type Pushed, pushListeners } from "../config/push";
import type { PushSettings, Service } from "../config/settings";
import type { DestinationForm } from "../render/alloy/destination";
import { renderProfiles } from "../render/alloy/profiles";
import { renderPush } from "../render/alloy/push";
import { alloyDeclaration, alloyFragment, type AlloyInfo, alloyPlatform } from "./alloy";
import type { Host } from "./host/host";
import type { PortRequirement } from "./host/required";
import { ServiceConfig, type FileDigest } from "./host/service-config";
import { Component } from "./host/steady";

/** Arguments of {@link Profiles}. */
export interface ProfilesArgs {
  host: Host;
  environment: string;
  /** The Alloy of the host, which may be another environment's. */
  alloy: pulumi.Input<AlloyInfo>;
  /** What the place has that the platform sends profiles to. */
  destination: pulumi.Input<DestinationForm>;
  /** The label `host` of what is pushed, where there are several hosts; the services have it among theirs. */
  hostName: string | undefined;
  services: Service[];
  /** What programs send themselves; without it none is taken. */
  push: PushSettings | undefined;
  /** The git reference of what is none of the services. */
  gitRef: string | undefined;
  /** Further Alloy configuration of the user: name and text. */
  fragments: Record<string, string>;
  /** A label or a fragment is a secret. */
  secret: boolean;
}

/**
 * One environment's own files in Alloy's configuration: what is scraped, what is pushed, and the user's further fragments. One
 * transaction, so that another git reference is one reload.
 */
export class Profiles extends Component {
  readonly files: pulumi.Output<FileDigest[]>;
  readonly isApplied: pulumi.Output<boolean>;

  constructor(name: string, args: ProfilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Profiles", name, opts);
    const { host, environment, services, push, gitRef, hostName } = args;
    const fragments = Object.entries(args.fragments).sort(([a], [b]) => (a < b ? -1 : 1));
    const config = new ServiceConfig(
      `${name}-config`,
      {
        host,
        id: "profiles",
        base: alloyPlatform,
        secret: args.secret,
        declaration: pulumi.all([args.alloy, args.destination]).apply(([alloy, destination]) =>
          alloyDeclaration(host, alloy, [
            alloyFragment(
              `${environment}-profiles`,
              renderProfiles({ environment, services, ...destination }),
            ),
            ...(push === undefined
              ? []
              : [
                  alloyFragment(
                    `${environment}-push`,
                    renderPush({
                      environment,
                      host: hostName,
                      services,
                      port: push.port,
                      gitRef,
                      ...destination,
                    }),
                  ),
                ]),
            ...fragments.map(([fragment, text]) =>
              alloyFragment(`${environment}-${fragment}`, text.endsWith("\n") ? text : `${text}\n`),
            ),
          ]),
        ),
      },
      { parent: this, dependsOn: opts?.dependsOn ?? [] },
    );
    this.files = config.files;
    this.isApplied = config.isApplied;
    this.registerOutputs({ files: this.files });
  }
}

/** The ports that Alloy needs for what programs push; none where it takes nothing. */
export function pushPorts(settings: Pushed): PortRequirement[] {
  return pushListeners(settings).map(({ name: purpose, path: setting, address, port }) => ({
    address,
    port,
    unit: "alloy.service",
    purpose,
    setting,
  }));
}
