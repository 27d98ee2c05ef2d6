import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { renderAptSource } from "../render/apt";
import { Alloy, type AlloyInfo, type ProfileDestination } from "./alloy";
import { AptRepository, keyring } from "./host/apt-repository";
import type { Host } from "./host/host";
import type { FileDigest } from "./host/service-config";
import { Pyroscope, pyroscopeUrl } from "./pyroscope";

/** What another environment on the same host needs of the platform; the stack output `platform`. */
export interface PlatformInfo {
  alloy: AlloyInfo;
  /** Where profiles go, as seen from the host. */
  pyroscopeUrl: string;
}

/** Arguments of {@link Platform}. */
export interface PlatformArgs {
  host: Host;
  settings: Pick<Settings, "repository" | "pyroscope" | "alloy" | "allowDowngrade" | "purgeData">;
  /** For a remote Pyroscope with a user. */
  pyroscopePassword?: pulumi.Output<string> | undefined;
}

/** What a host has once: the package source, Pyroscope (unless it is elsewhere), Alloy. */
export class Platform extends pulumi.ComponentResource {
  readonly info: PlatformInfo;
  readonly files: pulumi.Output<FileDigest[]>;
  private readonly host: Host;

  constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Platform", name, {}, opts);
    const { host, settings } = args;
    const { allowDowngrade, purgeData } = settings;
    const { keyUrl, fingerprint } = settings.repository;
    this.host = host;
    const claim = host.command(`${name}-claim`, ownership, { parent: this });
    const repository = new AptRepository(
      `${name}-repository`,
      {
        host,
        id: "grafana",
        keyUrl,
        fingerprint,
        source: renderAptSource({ ...settings.repository, keyFile: keyring("grafana") }),
      },
      { parent: this, dependsOn: claim },
    );
    const pyroscope =
      settings.pyroscope.kind === "local"
        ? new Pyroscope(
            `${name}-pyroscope`,
            { host, repository, settings: settings.pyroscope, allowDowngrade, purgeData },
            { parent: this },
          )
        : undefined;
    const destination = profileDestination(settings.pyroscope, args.pyroscopePassword);
    const alloy = new Alloy(
      `${name}-alloy`,
      { host, repository, settings: settings.alloy, destination, allowDowngrade, purgeData },
      { parent: this, ...(pyroscope === undefined ? {} : { dependsOn: pyroscope }) },
    );
    const { version, httpPort } = settings.alloy;
    this.info = { alloy: { version, httpPort }, pyroscopeUrl: destination.url };
    this.files = pulumi.all([pyroscope?.files ?? [], alloy.files]).apply((files) => files.flat());
    this.registerOutputs({ info: this.info, files: this.files });
  }

  /** Created after all that uses the platform, so that a destroy is refused, while others do, before it removes anything. */
  guardDestroy(
    name: string,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
  ): command.remote.Command {
    return this.host.command(name, ownership, { ...opts, dependsOn: [this, ...opts.dependsOn] });
  }
}

/** A host has one platform. It is released only when no other environment on the host has files in place. */
const ownership = { run: ["platform", "claim"], remove: ["platform", "release"] };

function profileDestination(
  settings: Settings["pyroscope"],
  password: pulumi.Output<string> | undefined,
): ProfileDestination {
  if (settings.kind === "local") return { url: pyroscopeUrl(settings) };
  const { url, tenant, user } = settings;
  return { url, tenant, user, password: user === undefined ? undefined : password };
}
