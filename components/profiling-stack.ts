import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { LoadedConfig } from "../config/load";
import { hasSenders, mainHost, sender, settingsOfGrafana, settingsOn } from "../config/placed";
import { storageEstimateOf } from "../config/rules";
import type { StorageEstimate } from "../config/storage-estimate";
import type { LocalPyroscope, PlacedHost, Settings } from "../config/settings";
import { formatDuration, readableSize } from "../config/units";
import { hostPrefix, renaming } from "./earlier-hosts";
import { EnvironmentHost, type EnvironmentHostArgs } from "./environment-host";
import type { SiteAccess } from "./public-site";
import { GrafanaObservability, type GrafanaObservabilityArgs, guardTunnel } from "./grafana";
import { grafanaAccess } from "./grafana/access";
import { checkExisting } from "./grafana/existing";
import { type LeftBehind, takeOver } from "./grafana/left-behind";
import { tellRouting } from "./grafana/routing";
import type { Renamed } from "./host/last-commands";
import { LastOutputs } from "./host/last-outputs";
import { noOperatorFiles, type OperatorFiles } from "./operator/files";
import type { PlatformInfo } from "./platform";
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
  /** Hosts that the state has under another name (earlier-hosts.ts). @default none */
  renamed?: readonly Renamed[];
}

/** Of the one host, or of each of several by its name. */
export type OfHosts<T> = pulumi.Output<T | Record<string, T>>;

/** The continuous profiling of one environment, on one host or on several. */
export class ProfilingStack extends pulumi.ComponentResource {
  /** Addresses, most of them on the host's loopback; `tunnel` is the command that brings those here. */
  readonly urls: OfHosts<StackUrls>;
  /** The kinds of profiles of each service, such as `cpu, heap`, or `no profiles`. */
  readonly services: pulumi.Output<Record<string, string>>;
  /** The packages' exact versions. */
  readonly versions: OfHosts<{ alloy: string; pyroscope?: string }>;
  /** How long a local Pyroscope keeps profiles. */
  readonly retention: pulumi.Output<string> | undefined;
  readonly storageEstimate: pulumi.Output<StorageEstimate & { text: string }> | undefined;
  /** Where Pyroscope is public, with the user and the random password unless users were given; a secret. */
  readonly site: pulumi.Output<SiteAccess> | undefined;
  /** The git reference of the services that have none of their own. */
  readonly gitRef: pulumi.Output<string> | undefined;
  /** The SHA-256 of each file that this stack has written on the host, by its path. */
  readonly written: OfHosts<Record<string, string>>;
  /** How often each service's files were put back, where `detectDrift` is set. */
  readonly generations: OfHosts<Record<string, number>> | undefined;
  /** What a stack with `platform: {stack: ...}` takes from this one: of several hosts, that of the main one. */
  readonly platform: pulumi.Output<PlatformInfo>;
  /** That of each host, where there are several. */
  readonly platforms: pulumi.Output<Record<string, PlatformInfo>> | undefined;

  constructor(name: string, args: ProfilingStackArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("soar:profiling:ProfilingStack", name, {}, { ...opts, ...renaming(args.renamed, opts) });
    const { settings, secrets, files = noOperatorFiles } = args;
    const { services } = settings;
    const shared = settings.platform.kind === "own" ? undefined : platformOf(settings, args.stack);
    const ofGrafana = grafanaOf(`${name}-grafana`, { ...args, files });
    const hosts = this.declareHosts(name, { ...args, files }, shared, ofGrafana?.existing);
    const main = hosts.main;
    // Last, so that no alert tells of what is not there yet.
    const grafana =
      ofGrafana === undefined
        ? undefined
        : new GrafanaObservability(
            `${name}-grafana`,
            { ...ofGrafana, secrets, platform: main.info, files },
            {
              parent: this,
              dependsOn: main.all,
              transformations: [takeOver(args.leftInGrafana ?? {})],
            },
          );
    // A destroy takes them from the last one on: what would stop it is found before anything is gone.
    for (const one of hosts.others) one.guardReachable(one.guardPlatform([]));
    const guarded = main.guardPlatform(grafana === undefined ? [] : [grafana]);
    const folder = grafana?.guardFolder(`${name}-grafana-others`, { parent: this, dependsOn: guarded });
    const contact = grafana?.guardContact(`${name}-grafana-policies`, { parent: this, dependsOn: guarded });
    const asked = [...guarded, folder, contact].filter((one) => one !== undefined);
    const tunnel = guardTunnel(`${name}-grafana-tunnel`, settings, { parent: this, dependsOn: asked });
    main.guardReachable([...asked, ...(tunnel === undefined ? [] : [tunnel])]);

    const all = hosts.all;
    const local = all.flatMap(({ own, settings: { pyroscope } }) =>
      own !== undefined && pyroscope.kind === "local" ? [pyroscope] : [],
    )[0];
    // What an `up` has left out (`--target`) is as it was.
    const was = new LastOutputs(args.stack);
    const isAll = pulumi.recover(
      pulumi.all(all.map((one) => one.isAll)).apply((each) => each.every(Boolean)),
      () => false,
    );
    this.platform = kept(was, "platform", main.platformInfo(was, "platform"));
    this.platforms =
      main.settings.hostName === undefined
        ? undefined
        : (byHost(all, was, "platforms", (one) => one.platformInfo(was, "platforms")) as pulumi.Output<
            Record<string, PlatformInfo>
          >);
    this.urls = byHost(all, was, "urls", (one) =>
      was.unless(
        one.isAll,
        "urls",
        pulumi
          .all([one.info, one === main ? grafana?.explore : undefined])
          .apply(([at, explore]) => stackUrls(one.settings, at as PlatformInfo, explore)),
        one.settings.hostName,
      ),
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
    this.versions = byHost(all, was, "versions", (one) => one.versions);
    const retention = all.map(({ own }) => own?.retention).find((one) => one !== undefined);
    this.retention = retention && kept(was, "retention", retention.apply(formatDuration));
    this.storageEstimate =
      local === undefined
        ? undefined
        : was.unless(isAll, "storageEstimate", pulumi.output(readableEstimate(settings, local)));
    this.site = main.site?.access;
    this.gitRef =
      settings.gitRef === undefined ? undefined : was.unless(isAll, "gitRef", pulumi.output(settings.gitRef));
    this.written = byHost(all, was, "written", (one) => one.written);
    this.generations = settings.detectDrift
      ? byHost<Record<string, number>>(
          all,
          was,
          "generations",
          ({ host }) => host.drift?.generations() ?? pulumi.output<Record<string, number>>({}),
        )
      : undefined;
    // The stack exports them: with many services they are long, and would be sent and kept twice.
    this.registerOutputs();
  }

  /** Those that send to the one that stores come after it: they need its password, and its authority. */
  private declareHosts(
    name: string,
    args: ProfilingStackArgs & { files: OperatorFiles },
    shared: pulumi.Output<PlatformInfo> | undefined,
    existing: pulumi.Input<unknown>,
  ): { main: EnvironmentHost; others: EnvironmentHost[]; all: EnvironmentHost[] } {
    const { settings } = args;
    const first = mainHost(settings.hosts);
    if (first === undefined) throw new Error("settings have a host");
    const password = hasSenders(settings)
      ? new random.RandomPassword(
          `${name}-senders-password`,
          { length: 32, special: false },
          { parent: this },
        )
      : undefined;
    const declare = (place: PlacedHost, more: Partial<EnvironmentHostArgs>): EnvironmentHost => {
      const prefix = hostPrefix(name, place.name);
      const renamed = args.renamed?.find(({ to }) => to === prefix);
      const own = { ...args, settings: settingsOn(settings, place), renamed, shared, ...more };
      return new EnvironmentHost(prefix, own, this);
    };
    const main = declare(first, {
      // What Grafana lacks is told before anything on the host is changed.
      first: existing,
      ...(password === undefined ? {} : { sender: { name: sender, hash: password.bcryptHash } }),
    });
    const toSite =
      password === undefined ? undefined : { password: password.result, authority: main.authority };
    const all = settings.hosts.map((place) => (place === first ? main : declare(place, { toSite })));
    return { main, others: all.filter((one) => one !== main), all };
  }

  /** Everything that a stack exports. Pulumi shows them by their names: the longest, `written`, comes last. */
  outputs(): Record<string, unknown> {
    const { urls, site, services, gitRef, versions, retention } = this;
    const { storageEstimate, generations, platform, platforms, written } = this;
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
      platforms,
      written,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }
}

/** The Grafana of a stack that has one, and what is known of it before anything is declared. */
function grafanaOf(
  name: string,
  { settings: all, secrets, stack, files }: ProfilingStackArgs & { files: OperatorFiles },
): Pick<GrafanaObservabilityArgs, "settings" | "access" | "existing"> | undefined {
  const { grafana, ...more } = all;
  if (grafana === undefined) return undefined;
  const settings = settingsOfGrafana({ ...more, grafana });
  const access = grafanaAccess(settings, secrets);
  void tellRouting(name, settings, stack);
  const existing = checkExisting(name, settings, access, stack, files.others);
  return { settings, access, existing: pulumi.output(existing) };
}

function readableEstimate(settings: Settings, pyroscope: LocalPyroscope): StorageEstimate & { text: string } {
  const estimate = storageEstimateOf(settings, pyroscope);
  const text = `${readableSize(estimate.bytes)} for ${formatDuration(pyroscope.retention)} of profiles`;
  return { ...estimate, text };
}

/** An output, or the last one where an `up` has failed on what it tells of: the others are no less true for that. */
function kept<T>(was: LastOutputs, key: string, output: pulumi.Output<T>, part?: string): pulumi.Output<T> {
  return pulumi.recover(output, () => was.last(key, part) as Promise<T>);
}

/** What the hosts have of something. */
function byHost<T>(
  hosts: readonly EnvironmentHost[],
  was: LastOutputs,
  key: string,
  of: (one: EnvironmentHost) => pulumi.Output<T>,
): OfHosts<T> {
  const [first] = hosts;
  if (first !== undefined && first.settings.hostName === undefined) return of(first);
  const all = hosts.map((one) => {
    const { hostName = "" } = one.settings;
    return [hostName, kept(was, key, of(one), hostName)] as const;
  });
  return pulumi.output(Object.fromEntries(all)) as unknown as OfHosts<T>;
}
