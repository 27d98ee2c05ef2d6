import * as pulumi from "@pulumi/pulumi";
import type { LoadedConfig } from "../config/load";
import type { Settings } from "../config/settings";
import { environmentParts, type Part } from "./environment-parts";
import type { PublicSite, SiteSender } from "./public-site";
import { Host } from "./host/host";
import type { LastOutputs } from "./host/last-outputs";
import type { Renamed } from "./host/last-commands";
import type { Requirements } from "./host/required";
import type { OperatorFiles } from "./operator/files";
import { storageLogin } from "./object-storage";
import { scrapedLogin } from "./past";
import { Platform, type PlatformInfo } from "./platform";
import { requirements } from "./requirements";
import { serviceScripts } from "./service-scripts";
import { siteAuthority } from "./site-authority";

/** Arguments of {@link EnvironmentHost}. */
export interface EnvironmentHostArgs extends LoadedConfig {
  /** As they are for this host (config/placed.ts). */
  settings: Settings;
  /** The Pulumi stack, `organization/project/stack`. */
  stack: string;
  files: OperatorFiles;
  /** The platform of another stack. @default one of its own */
  shared?: pulumi.Output<PlatformInfo> | undefined;
  /** What has to be known before anything on the host is changed. @default nothing */
  first?: pulumi.Input<unknown>;
  /** What the state has it under, if that is another name. */
  renamed?: Renamed | undefined;
  /** Other hosts send their profiles here, as this one. @default none does */
  sender?: SiteSender | undefined;
  /** The host sends its profiles to another host's site. @default to where the settings say */
  toSite?: { password: pulumi.Output<string>; authority: pulumi.Output<string> | undefined } | undefined;
}

/** All that an environment has on one host. Of several hosts none waits for another, but for what it says it needs of it. */
export class EnvironmentHost {
  readonly host: Host;
  /** The platform, if it is the stack's own. */
  readonly own: Platform | undefined;
  readonly info: pulumi.Output<PlatformInfo>;
  readonly parts: Part[];
  readonly site: PublicSite | undefined;
  /** All that what comes after it needs. */
  readonly all: pulumi.Resource[];
  /** Whether the host has all of it as it is declared. */
  readonly isAll: pulumi.Output<boolean>;
  /** The certificate of the authority that signs for the site, where others need it. */
  readonly authority: pulumi.Output<string> | undefined;

  constructor(
    private readonly name: string,
    private readonly args: EnvironmentHostArgs,
    private readonly parent: pulumi.Resource,
  ) {
    const { settings, secrets, stack, shared, files, sender, toSite } = args;
    const { site, pyroscope } = settings;
    const readsAuthority = sender !== undefined && site?.tls === "internal";
    this.host = new Host(
      `${name}-host`,
      {
        environment: settings.environment,
        owner: stack,
        ownsPlatform: shared === undefined,
        ssh: settings.host,
        setting: settings.hostName === undefined ? "host" : `hosts.${settings.hostName}`,
        requirements: pulumi
          .all([shared, args.first])
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
          readsAuthority,
        }),
        ...(args.renamed === undefined ? {} : { renamed: args.renamed }),
        ...(secrets.sshPrivateKey === undefined ? {} : { privateKey: secrets.sshPrivateKey }),
      },
      { parent },
    );
    const { host } = this;
    const platform =
      shared ??
      new Platform(
        `${name}-platform`,
        {
          host,
          settings,
          stack,
          pyroscopePassword: toSite?.password ?? secrets.pyroscopePassword,
          pyroscopeAlsoPassword: secrets.pyroscopeAlsoPassword,
          s3SecretKey: secrets.s3SecretKey,
          authority: toSite?.authority,
        },
        { parent },
      );
    this.own = platform instanceof Platform ? platform : undefined;
    this.info = platform instanceof Platform ? pulumi.output(platform.info) : platform;
    const onPlatform = { parent, dependsOn: this.own === undefined ? [] : [this.own] };
    const made = environmentParts(name, { ...args, host, platform: this.info, files }, onPlatform);
    this.parts = made.parts;
    this.site = made.site;
    this.all = [...onPlatform.dependsOn, ...this.parts];
    const isPlatform = this.own?.isApplied ?? pulumi.output(true);
    this.isAll = pulumi
      .all([isPlatform, ...this.parts.map((part) => part.isApplied)])
      .apply((each) => each.every(Boolean));
    this.authority =
      readsAuthority && made.site !== undefined
        ? siteAuthority(
            `${name}-site-authority`,
            { host, stack, renamed: args.renamed, site: made.site },
            parent,
          )
        : undefined;
  }

  /** Created after all that uses the platform, so that a destroy is refused, while others do, before it removes anything. */
  guardPlatform(after: pulumi.Resource[]): pulumi.Resource[] {
    const { name, parent, parts, own } = this;
    const all = [...parts, ...after];
    const release = own?.guardDestroy(`${name}-platform-guard`, { parent, dependsOn: all });
    return release === undefined ? all : [...all, release];
  }

  /** The last of all, and the first to go in a destroy. */
  guardReachable(after: pulumi.Resource[]): void {
    const { host, name, parent } = this;
    host.guardDestroy(`${name}-reachable`, { parent, dependsOn: [host, ...after] });
  }

  /** The output `platform`, with the machine that the host has turned out to be. */
  platformInfo(was: LastOutputs, key: string): pulumi.Output<PlatformInfo> {
    const { own, info, host, args } = this;
    return was.unless(
      own?.isApplied ?? pulumi.output(true),
      key,
      own === undefined
        ? info
        : pulumi.all([info, host.machine]).apply(([all, machine]) => onMachine(all as PlatformInfo, machine)),
      args.settings.hostName,
    );
  }

  get settings(): Settings {
    return this.args.settings;
  }

  get versions(): pulumi.Output<{ alloy: string; pyroscope?: string }> {
    return this.own?.versions ?? this.info.apply(({ alloy }) => ({ alloy: alloy.version }));
  }

  /** The SHA-256 of each file that was written there, by its path. */
  get written(): pulumi.Output<Record<string, string>> {
    return pulumi
      .all([this.own?.files ?? [], ...this.parts.map((part) => part.files)])
      .apply((files) => Object.fromEntries(files.flat().map(({ path, sha256 }) => [path, sha256])));
  }
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
