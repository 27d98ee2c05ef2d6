import * as pulumi from "@pulumi/pulumi";
import type { LoadedConfig } from "../config/load";
import { storageEstimateOf } from "../config/rules";
import type { StorageEstimate } from "../config/storage-estimate";
import type { LocalPyroscope, Settings } from "../config/settings";
import { formatDuration, readableSize } from "../config/units";
import { environmentParts } from "./environment-parts";
import type { SiteAccess } from "./public-site";
import { GrafanaObservability, type GrafanaObservabilityArgs, guardTunnel } from "./grafana";
import { grafanaAccess } from "./grafana/access";
import { checkExisting } from "./grafana/existing";
import { type LeftBehind, takeOver } from "./grafana/left-behind";
import { tellRouting } from "./grafana/routing";
import { Host } from "./host/host";
import { LastOutputs } from "./host/last-outputs";
import type { Requirements } from "./host/preflight";
import { storageLogin } from "./object-storage";
import { noOperatorFiles, type OperatorFiles } from "./operator/files";
import { scrapedLogin } from "./past";
import { Platform, type PlatformInfo } from "./platform";
import { requirements } from "./requirements";
import { serviceScripts } from "./service-scripts";
import { platformOf } from "./shared-platform";
import { stackUrls, type StackUrls } from "./urls";

/** Arguments of {@link ProfilingStack}: the settings, checked, and the secrets. */
export interface ProfilingStackArgs extends LoadedConfig {
  /** The Pulumi stack, `organization/project/stack`. */
  stack: string;
  /** What `grafana.dashboards` and `grafana.rules` name. @default nothing */
  files?: OperatorFiles;
  /** What an `up` that was ended has left in Grafana, which this one takes over. @default nothing */
  leftInGrafana?: LeftBehind;
}

/** The continuous profiling of one environment on one host. */
export class ProfilingStack extends pulumi.ComponentResource {
  /** Addresses, most of them on the host's loopback; `tunnel` is the command that brings those here. */
  readonly urls: pulumi.Output<StackUrls>;
  /** The kinds of profiles of each service, such as `cpu, heap`, or `no profiles`. */
  readonly services: pulumi.Output<Record<string, string>>;
  /** The packages' exact versions. */
  readonly versions: pulumi.Output<{ alloy: string; pyroscope?: string }>;
  /** How long a local Pyroscope keeps profiles. */
  readonly retention: pulumi.Output<string> | undefined;
  readonly storageEstimate: pulumi.Output<StorageEstimate & { text: string }> | undefined;
  /** Where Pyroscope is public, with the user and the random password unless users were given; a secret. */
  readonly site: pulumi.Output<SiteAccess> | undefined;
  /** The git reference of the services that have none of their own. */
  readonly gitRef: pulumi.Output<string> | undefined;
  /** The SHA-256 of each file that this stack has written on the host, by its path. */
  readonly written: pulumi.Output<Record<string, string>>;
  /** How often each service's files were put back, where `detectDrift` is set. */
  readonly generations: pulumi.Output<Record<string, number>> | undefined;
  /** What a stack with `platform: {stack: ...}` takes from this one. */
  readonly platform: pulumi.Output<PlatformInfo>;

  constructor(name: string, args: ProfilingStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:ProfilingStack", name, {}, opts);
    const { settings, secrets, files = noOperatorFiles } = args;
    const { environment, services, pyroscope } = settings;
    const shared = settings.platform.kind === "own" ? undefined : platformOf(settings, args.stack);
    const ofGrafana = grafanaOf(`${name}-grafana`, { ...args, files });
    const host = new Host(
      `${name}-host`,
      {
        environment,
        owner: args.stack,
        ownsPlatform: shared === undefined,
        ssh: settings.host,
        // What Grafana lacks is told before anything on the host is changed.
        requirements: pulumi
          .all([shared, ofGrafana?.existing])
          .apply(([info]) =>
            info === undefined
              ? requirements(settings, settings.alloy.version)
              : ofShared(settings, info as PlatformInfo),
          ),
        scrapedLogin: scrapedLogin(settings, secrets.prometheusPassword),
        storageLogin: storageLogin(settings, secrets.s3SecretKey),
        replaces: settings.host.replaces,
        detectDrift: settings.detectDrift,
        scripts: serviceScripts({
          hasBucket: pyroscope.kind === "local" && pyroscope.storage !== undefined,
          restricted: settings.host.restricted,
        }),
        ...(secrets.sshPrivateKey === undefined ? {} : { privateKey: secrets.sshPrivateKey }),
      },
      { parent: this },
    );
    const platform =
      shared ??
      new Platform(
        `${name}-platform`,
        {
          host,
          settings,
          stack: args.stack,
          pyroscopePassword: secrets.pyroscopePassword,
          pyroscopeAlsoPassword: secrets.pyroscopeAlsoPassword,
          s3SecretKey: secrets.s3SecretKey,
        },
        { parent: this },
      );
    const own = platform instanceof Platform ? platform : undefined;
    const info = platform instanceof Platform ? pulumi.output(platform.info) : platform;
    const onPlatform = { parent: this, dependsOn: own === undefined ? [] : [own] };
    const { parts, site } = environmentParts(name, { ...args, host, platform: info, files }, onPlatform);
    // Last, so that no alert tells of what is not there yet.
    const grafana =
      ofGrafana === undefined
        ? undefined
        : new GrafanaObservability(
            `${name}-grafana`,
            { ...ofGrafana, secrets, platform: info, files },
            {
              parent: this,
              dependsOn: [...onPlatform.dependsOn, ...parts],
              transformations: [takeOver(args.leftInGrafana ?? {})],
            },
          );
    // A destroy takes them from the last one on: what would stop it is found before anything is gone.
    const all = [...parts, ...(grafana === undefined ? [] : [grafana])];
    const release = own?.guardDestroy(`${name}-platform-guard`, { parent: this, dependsOn: all });
    const guarded = release === undefined ? all : [...all, release];
    const folder = grafana?.guardFolder(`${name}-grafana-others`, { parent: this, dependsOn: guarded });
    const contact = grafana?.guardContact(`${name}-grafana-policies`, { parent: this, dependsOn: guarded });
    const asked = [...guarded, folder, contact].filter((one) => one !== undefined);
    const tunnel = guardTunnel(`${name}-grafana-tunnel`, settings, { parent: this, dependsOn: asked });
    host.guardDestroy(`${name}-reachable`, {
      parent: this,
      dependsOn: [host, ...asked, ...(tunnel === undefined ? [] : [tunnel])],
    });

    const local = own !== undefined && pyroscope.kind === "local" ? pyroscope : undefined;
    // What an `up` has left out (`--target`) is as it was.
    const was = new LastOutputs(args.stack);
    const isPlatform = own?.isApplied ?? pulumi.output(true);
    const isAll = pulumi
      .all([isPlatform, ...parts.map((part) => part.isApplied)])
      .apply((each) => each.every(Boolean));
    this.platform = was.unless(
      isPlatform,
      "platform",
      own === undefined
        ? info
        : pulumi.all([info, host.machine]).apply(([all, machine]) => onMachine(all, machine)),
    );
    this.urls = was.unless(
      isAll,
      "urls",
      pulumi.all([info, grafana?.explore]).apply(([at, explore]) => stackUrls(settings, at, explore)),
    );
    this.services = was.unless(
      isAll,
      "services",
      pulumi.output(
        Object.fromEntries(
          services.map(({ name: of, profiles }) => [of, profiles.join(", ") || "no profiles"]),
        ),
      ),
    );
    this.versions = own?.versions ?? info.apply(({ alloy }) => ({ alloy: alloy.version }));
    this.retention = own?.retention?.apply(formatDuration);
    this.storageEstimate =
      local === undefined
        ? undefined
        : was.unless(isAll, "storageEstimate", pulumi.output(readableEstimate(services, local)));
    this.site = site?.access;
    this.gitRef =
      settings.gitRef === undefined ? undefined : was.unless(isAll, "gitRef", pulumi.output(settings.gitRef));
    this.written = pulumi
      .all([own?.files ?? [], ...parts.map((part) => part.files)])
      .apply((files) => Object.fromEntries(files.flat().map(({ path, sha256 }) => [path, sha256])));
    this.generations = host.drift?.generations();
    // The stack exports them: with many services they are long, and would be sent and kept twice.
    this.registerOutputs();
  }

  /** Everything that a stack exports. Pulumi shows them by their names: the longest, `written`, comes last. */
  outputs(): Record<string, unknown> {
    const { urls, site, services, gitRef, versions, retention } = this;
    const { storageEstimate, generations, platform, written } = this;
    const all = {
      urls,
      site,
      services,
      gitRef,
      versions,
      retention,
      storageEstimate,
      generations,
      platform,
      written,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }
}

/** The Grafana of a stack that has one, and what is known of it before anything is declared. */
function grafanaOf(
  name: string,
  { settings: { grafana, ...more }, secrets, stack, files }: ProfilingStackArgs & { files: OperatorFiles },
): Pick<GrafanaObservabilityArgs, "settings" | "access" | "existing"> | undefined {
  if (grafana === undefined) return undefined;
  const settings = { ...more, grafana };
  const access = grafanaAccess(settings, secrets);
  void tellRouting(name, settings, stack);
  const existing = checkExisting(name, settings, access, stack, files.others);
  return { settings, access, existing: pulumi.output(existing) };
}

function readableEstimate(
  services: Settings["services"],
  pyroscope: LocalPyroscope,
): StorageEstimate & { text: string } {
  const estimate = storageEstimateOf(services, pyroscope);
  const text = `${readableSize(estimate.bytes)} for ${formatDuration(pyroscope.retention)} of profiles`;
  return { ...estimate, text };
}

/** What a host must offer to a stack that shares the platform of another. */
function ofShared(settings: Settings, { alloy, host }: PlatformInfo): Requirements {
  const { platform } = settings;
  const id = host?.machine;
  return requirements(
    settings,
    alloy.version,
    id === undefined || platform.kind === "own" ? undefined : { id, stack: platform.stack },
  );
}

/** The same, with the machine that the host has turned out to be. */
function onMachine(info: PlatformInfo, machine: string | undefined): PlatformInfo {
  if (info.host === undefined || machine === undefined) return info;
  return { ...info, host: { ...info.host, machine } };
}
