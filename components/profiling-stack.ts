import * as pulumi from "@pulumi/pulumi";
import type { LoadedConfig } from "../config/load";
import type { Settings } from "../config/settings";
import { storageEstimateOf } from "../config/rules";
import type { StorageEstimate } from "../config/storage-estimate";
import { formatDuration } from "../config/units";
import { alloyPorts, alloyUrl } from "./alloy";
import { portForwards } from "./host/connection";
import { Host } from "./host/host";
import type { Requirements } from "./host/preflight";
import type { FileDigest } from "./host/service-config";
import { Platform, type PlatformInfo } from "./platform";
import { Profiles } from "./profiles";
import { pyroscopeDisk, pyroscopePorts } from "./pyroscope";

/** Arguments of {@link ProfilingStack}: the settings, checked, and the secrets. */
export interface ProfilingStackArgs extends LoadedConfig {
  /** The Pulumi stack, `organization/project/stack`. */
  stack: string;
}

/** A profiled service, as a stack output. */
export interface ProfiledService {
  name: string;
  environment: string;
  profiles: string[];
}

/** The continuous profiling of one environment on one host. */
export class ProfilingStack extends pulumi.ComponentResource {
  /** Addresses on the host's loopback; `tunnel` is the command that brings them here. */
  readonly urls: pulumi.Output<{ pyroscope: string; alloy: string; tunnel: string }>;
  readonly services: ProfiledService[];
  /** The packages' exact versions. */
  readonly versions: pulumi.Output<{ alloy: string; pyroscope?: string }>;
  /** How long a local Pyroscope keeps profiles. */
  readonly retention: string | undefined;
  readonly storageEstimate: StorageEstimate | undefined;
  /** All files that this stack put on the host. */
  readonly files: pulumi.Output<FileDigest[]>;
  /** What a stack with `platform: {stack: ...}` takes from this one. */
  readonly platform: pulumi.Output<PlatformInfo>;

  constructor(name: string, args: ProfilingStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:ProfilingStack", name, {}, opts);
    const { settings, secrets, secretParts } = args;
    const { environment, services, pyroscope } = settings;
    const host = new Host(
      `${name}-host`,
      {
        ...{ environment, owner: args.stack, ssh: settings.host, requirements: requirements(settings) },
        ...(secrets.sshPrivateKey === undefined ? {} : { privateKey: secrets.sshPrivateKey }),
      },
      { parent: this },
    );
    const own =
      settings.platform.kind === "own"
        ? new Platform(
            `${name}-platform`,
            { host, settings, pyroscopePassword: secrets.pyroscopePassword },
            { parent: this },
          )
        : undefined;
    this.platform = own === undefined ? platformOf(settings) : pulumi.output(own.info);
    const onPlatform = { parent: this, dependsOn: own === undefined ? [] : [own] };
    const profiles = new Profiles(
      `${name}-profiles`,
      {
        host,
        environment,
        alloy: this.platform.alloy,
        services,
        fragments: settings.alloy.fragments,
        secret: secretParts.has("services") || secretParts.has("alloy"),
      },
      onPlatform,
    );
    /** All that this environment has on the host beside the platform. */
    const parts = [profiles];
    const guard = own?.guardDestroy(`${name}-platform-guard`, { parent: this, dependsOn: parts });
    host.guardDestroy(`${name}-reachable`, {
      parent: this,
      dependsOn: [host, ...parts, ...(guard ? [guard] : [])],
    });

    const local = own !== undefined && pyroscope.kind === "local" ? pyroscope : undefined;
    this.urls = this.platform.apply((info) => urls(settings, info));
    this.services = services.map((service) => ({
      name: service.name,
      environment,
      profiles: service.profiles,
    }));
    this.versions = this.platform.apply(({ alloy }) =>
      local === undefined ? { alloy: alloy.version } : { alloy: alloy.version, pyroscope: local.version },
    );
    this.retention = local === undefined ? undefined : formatDuration(local.retention);
    this.storageEstimate = local === undefined ? undefined : storageEstimateOf(services, local);
    this.files = pulumi
      .all([own?.files ?? [], ...parts.map((part) => part.files)])
      .apply((files) => files.flat());
    this.registerOutputs(this.outputs());
  }

  /** Everything that a stack exports. */
  outputs(): Record<string, unknown> {
    const { urls, services, versions, retention, storageEstimate, files, platform } = this;
    return { urls, services, versions, retention, storageEstimate, files, platform };
  }
}

/** The platform of another stack, which runs on the same host. */
function platformOf({ platform }: Settings): pulumi.Output<PlatformInfo> {
  if (platform.kind === "own") throw new Error("this stack owns its platform");
  const owner = new pulumi.StackReference(platform.stack);
  return owner.requireOutput("platform") as pulumi.Output<PlatformInfo>;
}

function requirements(settings: Settings): Requirements {
  if (settings.platform.kind !== "own") return { ports: [], disks: [] };
  const local = settings.pyroscope.kind === "local" ? settings.pyroscope : undefined;
  return {
    ports: [...(local === undefined ? [] : pyroscopePorts(local)), ...alloyPorts(settings.alloy)],
    disks: local === undefined ? [] : [pyroscopeDisk(local)],
  };
}

function urls(
  { host }: Settings,
  { alloy, pyroscopeUrl }: PlatformInfo,
): { pyroscope: string; alloy: string; tunnel: string } {
  const forwards = portForwards([pyroscopeUrl, alloyUrl(alloy)]);
  const jump = host.jump === undefined ? "" : ` -J ${host.jump.user}@${host.jump.address}:${host.jump.port}`;
  return {
    pyroscope: pyroscopeUrl,
    alloy: alloyUrl(alloy),
    tunnel: `ssh -N ${forwards}${jump} -p ${host.port} ${host.user}@${host.address}`,
  };
}
