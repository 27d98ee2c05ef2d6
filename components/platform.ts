import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { otlpReceiver, type OtlpReceiver } from "../config/otlp";
import type { LocalPyroscope, RepositorySettings, Settings } from "../config/settings";
import type { Duration } from "../config/units";
import { destinationForm, type EndpointForm } from "../render/alloy/destination";
import { renderAptSource } from "../render/apt";
import type { DatasourceUids } from "../render/grafana/datasources";
import type { StorageInfo } from "../render/grafana/pipeline-dashboard";
import { Alloy, type AlloyInfo, type ProfileDestination } from "./alloy";
import { AptRepository, keyring } from "./host/apt-repository";
import type { Host } from "./host/host";
import { type HostIdentity, identityOf } from "./host/identity";
import type { SourceRequirement } from "./host/required";
import type { FileDigest } from "./host/service-config";
import { ownUids } from "./grafana/datasources";
import { budgetOf, Pyroscope, pyroscopeUrl } from "./pyroscope";
import { versionChanges, warningsOf } from "./version-change";
import { Component } from "./host/steady";

/**
 * The format of {@link PlatformInfo}, which the programs of other stacks read. What commit 93fb0d0 and before have written is
 * of format 1: it says none, and not whether profiles are sent with a password. One that sends to a second place, or to one with
 * authorities of its own, is of format 3: an older program would leave these out.
 */
export const platformFormats = { oldest: 2, newest: 3 };

/** What another environment on the same host needs of the platform; the stack output `platform`. */
export interface PlatformInfo {
  format: number;
  /** The environment that owns it. */
  environment: string;
  /** Where it is; undefined where an earlier version of this program has brought it up. */
  host?: HostIdentity;
  alloy: AlloyInfo;
  /** Where profiles go, as seen from the host. */
  pyroscopeUrl: string;
  /** Whether profiles go there with a user and a password. */
  authenticates: boolean;
  /** Whether its certificate is of authorities of its own. @default no */
  hasCa?: boolean | undefined;
  /** The same of a second place. @default there is none */
  also?: EndpointForm | undefined;
  /** Where the owner's own spans and logs come in; undefined when it takes none. The setting that has them is `traces` by default. */
  otlpPorts?: { grpc: number; http: number; setting?: "logs" };
  /** Where programs push profiles of the owner's own environment; undefined when it takes none. */
  pushPort?: number;
  /** The Pyroscope on the host; undefined when it is elsewhere. */
  storage?: StorageInfo;
  /** The uids of the owner's datasources in Grafana; undefined without Grafana. */
  datasources?: DatasourceUids;
}

/** Arguments of {@link Platform}. */
export interface PlatformArgs {
  host: Host;
  /** The Pulumi stack, `organization/project/stack`, whose last outputs tell the versions until now. */
  stack: string;
  settings: Settings;
  /** For a remote Pyroscope with a user. */
  pyroscopePassword?: pulumi.Output<string> | undefined;
  /** For a second Pyroscope with a user. */
  pyroscopeAlsoPassword?: pulumi.Output<string> | undefined;
  /** For a local one with an object storage. */
  s3SecretKey?: pulumi.Output<string> | undefined;
  /** The authority of a remote Pyroscope's certificate, where it is read on another host of the stack. @default that of the settings */
  authority?: pulumi.Output<string> | undefined;
}

/** The name of the package source's files. */
const sourceId = "grafana";

/** What a host has once: the package source, Pyroscope (unless it is elsewhere), Alloy. */
export class Platform extends Component {
  readonly info: PlatformInfo;
  /** The versions that the host has. */
  readonly versions: pulumi.Output<{ alloy: string; pyroscope?: string }>;
  /** How long the Pyroscope on the host keeps profiles; undefined when it is elsewhere. */
  readonly retention: pulumi.Output<Duration> | undefined;
  /** Whether the host has all of it as it is declared. */
  readonly isApplied: pulumi.Output<boolean>;
  readonly files: pulumi.Output<FileDigest[]>;
  private readonly host: Host;

  constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Platform", name, opts);
    const { host, settings, stack } = args;
    const changes = versionChanges(stack, settings);
    const { allowDowngrade, purgeData } = settings;
    const { keyUrl, fingerprint } = settings.repository;
    this.host = host;
    const repository = new AptRepository(
      `${name}-repository`,
      {
        host,
        id: sourceId,
        keyUrl,
        fingerprint,
        source: renderAptSource({ ...settings.repository, keyFile: keyring(sourceId) }),
      },
      { parent: this },
    );
    const pyroscope =
      settings.pyroscope.kind === "local"
        ? new Pyroscope(
            `${name}-pyroscope`,
            {
              host,
              repository,
              settings: settings.pyroscope,
              s3SecretKey: args.s3SecretKey,
              allowDowngrade,
              purgeData,
              warnings: warningsOf(changes, "pyroscope"),
            },
            { parent: this },
          )
        : undefined;
    const destination = profileDestination(settings.pyroscope, args);
    const form = destinationForm(destination);
    const alloy = new Alloy(
      `${name}-alloy`,
      {
        host,
        repository,
        settings: settings.alloy,
        destination,
        allowDowngrade,
        purgeData,
        warnings: warningsOf(changes, "alloy"),
        isMeasured: settings.prometheus !== undefined,
      },
      { parent: this, ...(pyroscope === undefined ? {} : { dependsOn: pyroscope }) },
    );
    const { version, httpPort, stability } = settings.alloy;
    const { environment } = settings;
    const otlp = otlpReceiver(settings);
    const datasources = ownUids(settings);
    this.info = {
      format:
        form.hasCa === undefined && form.also === undefined ? platformFormats.oldest : platformFormats.newest,
      environment,
      host: identityOf(settings.host),
      alloy: { version, httpPort, ...(stability === "generally-available" ? {} : { stability }) },
      ...form,
      pyroscopeUrl: destination.url,
      ...(otlp === undefined ? {} : { otlpPorts: toldPorts(otlp) }),
      ...(settings.push === undefined ? {} : { pushPort: settings.push.port }),
      ...(settings.pyroscope.kind === "local" ? { storage: storageOf(settings.pyroscope) } : {}),
      ...(Object.keys(datasources).length === 0 ? {} : { datasources }),
    };
    this.versions = pulumi.all([alloy.version, pyroscope?.storage]).apply(([version, storage]) => ({
      alloy: version,
      ...(storage === undefined ? {} : { pyroscope: storage.version }),
    }));
    this.retention = pyroscope?.storage.retention;
    this.isApplied = pulumi
      .all([alloy.isApplied, pyroscope?.isApplied ?? true])
      .apply((parts) => parts.every(Boolean));
    this.files = pulumi.all([pyroscope?.files ?? [], alloy.files]).apply((files) => files.flat());
    this.registerOutputs({ info: this.info, files: this.files });
  }

  /** Created after all that uses the platform, so that a destroy is refused, while others do, before it removes anything. */
  guardDestroy(
    name: string,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
  ): command.remote.Command {
    return this.host.command(
      name,
      { run: ["platform", "confirm"], remove: ["platform", "guard"] },
      { ...opts, dependsOn: [this, ...opts.dependsOn] },
    );
  }
}

/** The package source that the host is to get. */
export function packageSource({ url, suite }: RepositorySettings): SourceRequirement {
  return { url, suite, keyring: keyring(sourceId) };
}

function toldPorts({ grpcPort, httpPort, setting }: OtlpReceiver): NonNullable<PlatformInfo["otlpPorts"]> {
  return { grpc: grpcPort, http: httpPort, ...(setting === "logs" ? { setting } : {}) };
}

function storageOf(settings: LocalPyroscope): StorageInfo {
  const { version, retention } = settings;
  return { version, retention, budget: budgetOf(settings) };
}

function profileDestination(
  settings: Settings["pyroscope"],
  { pyroscopePassword, pyroscopeAlsoPassword, authority }: PlatformArgs,
): ProfileDestination {
  const remote = (
    { url, tenant, user, ca }: NonNullable<Settings["pyroscope"]["also"]>,
    password: pulumi.Output<string> | undefined,
  ) => ({ url, tenant, user, ca, password: user === undefined ? undefined : password });
  const first =
    settings.kind === "local"
      ? { url: pyroscopeUrl(settings) }
      : { ...remote(settings, pyroscopePassword), ca: authority ?? settings.ca };
  return settings.also === undefined
    ? first
    : { ...first, also: remote(settings.also, pyroscopeAlsoPassword) };
}
