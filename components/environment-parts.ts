import type * as pulumi from "@pulumi/pulumi";
import type { LoadedConfig } from "../config/load";
import { otlpReceiver } from "../config/otlp";
import { PublicSite, type SiteSender } from "./public-site";
import type { Host } from "./host/host";
import type { FileDigest } from "./host/service-config";
import { Logs } from "./logs";
import type { OperatorFiles } from "./operator/files";
import { Otlp } from "./otlp";
import type { PlatformInfo } from "./platform";
import { Profiles } from "./profiles";
import { monitoredPlatform, PrometheusJobs } from "./prometheus-jobs";

/** What an environment's parts are made of. */
export interface EnvironmentPartsArgs extends LoadedConfig {
  host: Host;
  /** Its own, or another stack's. */
  platform: pulumi.Output<PlatformInfo>;
  /** The operators' own rules are among them. */
  files: OperatorFiles;
  /** Who sends profiles through the site. @default nobody but its users */
  sender?: SiteSender | undefined;
}

/** One of those. */
export type Part = pulumi.Resource & {
  files: pulumi.Output<FileDigest[]>;
  /** Whether the host has it as it is declared. */
  isApplied: pulumi.Output<boolean>;
};

/** All that an environment has on the host beside the platform; each but the profiles only where it is configured. */
export function environmentParts(
  name: string,
  { host, platform, settings, secrets, secretParts, files, sender }: EnvironmentPartsArgs,
  opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): {
  parts: Part[];
  site: PublicSite | undefined;
} {
  const { environment, services, gitRef, alloy, push, logs, traces, prometheus, site } = settings;
  const onAlloy = { host, environment, hostName: settings.hostName, alloy: platform.alloy };
  const hasSecretService = secretParts.has("services");

  const profiles = new Profiles(
    `${name}-profiles`,
    {
      ...onAlloy,
      services,
      push,
      gitRef,
      fragments: alloy.fragments,
      destination: platform.apply(({ authenticates, hasCa, also }) => ({ authenticates, hasCa, also })),
      secret: hasSecretService || secretParts.has("alloy"),
    },
    opts,
  );
  // A host takes one change at a time: the profiles come first, so that they flow while the others follow.
  const next = { ...opts, dependsOn: [...opts.dependsOn, profiles] };
  const declareLogs = (): Logs | undefined => {
    if (logs?.source.includes("journal") !== true) return undefined;
    const { logsPassword: password } = secrets;
    const args = { ...onAlloy, settings: logs, services, password, secret: hasSecretService };
    return new Logs(`${name}-logs`, args, next);
  };
  const declareOtlp = (): Otlp | undefined => {
    const receiver = otlpReceiver(settings);
    if (receiver === undefined) return undefined;
    const { tracesPassword, logsPassword } = secrets;
    const ways = { receiver, traces, tracesPassword, logs, logsPassword };
    return new Otlp(`${name}-traces`, { ...onAlloy, ...ways, services, secret: hasSecretService }, next);
  };
  const declareJobs = (): PrometheusJobs | undefined => {
    if (prometheus === undefined) return undefined;
    const args = {
      host,
      environment,
      settings: prometheus,
      services,
      platform: monitoredPlatform(settings),
      owner: platform.environment,
      password: secrets.prometheusPassword,
      secret: hasSecretService,
      sendsLogs: logs !== undefined,
      alerts: settings.grafana?.alerts === undefined ? ("here" as const) : ("elsewhere" as const),
      rules: files.prometheusRules,
    };
    return new PrometheusJobs(`${name}-prometheus`, args, next);
  };
  const declareSite = (): PublicSite | undefined => {
    if (site === undefined) return undefined;
    const { pyroscopeUrl } = platform;
    const args = { host, environment, settings: site, users: secrets.siteUsers, pyroscopeUrl, sender };
    // The other hosts wait for it, and for nothing else; Caddy answers without the Pyroscope where it asks for a password.
    const isFirst = sender !== undefined && !site.insecureNoAuthentication;
    return new PublicSite(`${name}-site`, args, isFirst ? { parent: opts.parent } : next);
  };

  const publicSite = declareSite();
  const all = [profiles, declareLogs(), declareOtlp(), declareJobs(), publicSite];
  return { parts: all.filter((part) => part !== undefined), site: publicSite };
}
