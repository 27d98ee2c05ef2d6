import * as pulumi from "@pulumi/pulumi";
import type { LocalPyroscope } from "../config/settings";
import type { Size } from "../config/units";
import { versionFacts } from "../config/version-facts";
import { holds } from "../config/versions";
import type { StorageInfo } from "../render/grafana/pipeline-dashboard";
import { renderPyroscope, retentionIn } from "../render/pyroscope";
import { limitDirectives, pyroscopeHardening } from "../render/hardening";
import { renderStorageEnvironment } from "../render/pyroscope-storage";
import type { DropIn } from "../render/systemd";
import { dropIn } from "./drop-in";
import { AptPackage } from "./host/apt-package";
import type { AptRepository } from "./host/apt-repository";
import { readDeclaration, type ServiceDeclaration, type ServiceFile } from "./host/declaration";
import type { Host } from "./host/host";
import type { PackageRequirement, PortRequirement, UnitRequirement } from "./host/required";
import { ServiceConfig, type FileDigest } from "./host/service-config";
import { Component } from "./host/steady";

/** Where Pyroscope keeps all it stores; the package's own place. */
export const dataDirectory = "/var/lib/pyroscope";
const unit = "pyroscope.service";
/** Its configuration, ours and the one that a host has from before. */
export const pyroscopeFile = "/etc/pyroscope/config.yml";

/** Arguments of {@link Pyroscope}. */
export interface PyroscopeArgs {
  host: Host;
  repository: AptRepository;
  settings: LocalPyroscope;
  /** For an object storage. */
  s3SecretKey?: pulumi.Output<string> | undefined;
  /** What has to be known of the way to this version. */
  warnings: pulumi.Input<readonly string[]>;
  allowDowngrade: boolean;
  /** Remove the stored profiles with the package. */
  purgeData: boolean;
}

/** The profile storage of a host, listening on loopback only. */
export class Pyroscope extends Component {
  /** Where profiles are pushed to and queried, on the host. */
  readonly url: string;
  /** The version that the host has, and how long it keeps profiles. */
  readonly storage: pulumi.Output<StorageInfo>;
  /** Whether the host has it as it is declared. */
  readonly isApplied: pulumi.Output<boolean>;
  readonly files: pulumi.Output<FileDigest[]>;

  constructor(name: string, args: PyroscopeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Pyroscope", name, opts);
    const { host, repository, settings, warnings } = args;
    const key = settings.storage === undefined ? undefined : args.s3SecretKey;
    const declaration =
      key === undefined ? pyroscopeDeclaration(args) : key.apply((text) => pyroscopeDeclaration(args, text));
    const config = new ServiceConfig(
      `${name}-config`,
      { host, id: "pyroscope", declaration, secret: key !== undefined, warnings },
      { parent: this, dependsOn: repository },
    );
    this.url = pyroscopeUrl(settings);
    this.storage = pulumi.unsecret(config.applied.apply((text) => storageOf(text, settings)));
    this.isApplied = config.isApplied;
    this.files = config.files;
    this.registerOutputs({ url: this.url, storage: this.storage, files: this.files });
  }
}

/** @param applied the declaration that the host has */
function storageOf(applied: string, settings: LocalPyroscope): StorageInfo {
  const { version: installed, files } = readDeclaration(applied);
  return {
    version: installed ?? settings.version,
    retention: retentionIn(files.get(pyroscopeFile) ?? "") ?? settings.retention,
    budget: budgetOf(settings),
  };
}

/** What all stored profiles may take on the host's disk; undefined where most of them are in a bucket. */
export function budgetOf({ storage, diskBudget }: LocalPyroscope): Size | undefined {
  return storage === undefined ? diskBudget : undefined;
}

/** The address of the local Pyroscope, on the host. */
export function pyroscopeUrl(settings: LocalPyroscope): string {
  return `http://127.0.0.1:${settings.httpPort}`;
}

/** What runs Pyroscope. */
export const pyroscopeUnit: UnitRequirement = { unit, package: "pyroscope" };

/** The ports that Pyroscope needs, all on loopback. */
export function pyroscopePorts(settings: LocalPyroscope): PortRequirement[] {
  const port = (number: number, purpose: string, setting: string): PortRequirement => ({
    address: "127.0.0.1",
    port: number,
    unit,
    purpose: `Pyroscope (${purpose})`,
    setting: `pyroscope.${setting}`,
  });
  return [
    port(settings.httpPort, "HTTP", "httpPort"),
    port(settings.grpcPort, "gRPC", "grpcPort"),
    ...(holds("ownStorage", settings.version) ? [port(settings.raftPort, "raft", "raftPort")] : []),
  ];
}

/** The package, and what has to be known of one that the host has already. */
export function pyroscopePackage({ version }: LocalPyroscope, allowDowngrade: boolean): PackageRequirement {
  const { keepsRelabeledSamples: kept, ownStorage } = versionFacts;
  const set = `Set pyroscope.version to that version, or to a later one`;
  return {
    name: "pyroscope",
    version,
    allowDowngrade,
    upgrade: { before: kept.since, why: `from ${kept.since} on ${kept.fact}` },
    ...(holds("ownStorage", version)
      ? {}
      : { noWayBack: { since: ownStorage.since, why: `${ownStorage.lostBefore}. ${set}` } }),
    ...(holds("amd64NeedsX86V2", version) ? { cpu: "x86-64-v2" } : {}),
  };
}

/** The disk that the stored profiles may take. */
export function pyroscopeDisk(settings: LocalPyroscope): {
  directory: string;
  bytes: number;
  setting: string;
} {
  return { directory: dataDirectory, bytes: settings.diskBudget, setting: "pyroscope.diskBudget" };
}

/** The unit's environment, which holds a secret: nobody but root reads it. */
const environmentFile = "/etc/pyroscope/s3.env";

function pyroscopeDeclaration(args: PyroscopeArgs, s3SecretKey?: string): ServiceDeclaration {
  const { host, settings, repository, allowDowngrade, purgeData } = args;
  const url = pyroscopeUrl(settings);
  return {
    unit,
    user: "pyroscope",
    ...new AptPackage({
      name: "pyroscope",
      version: settings.version,
      source: repository.id,
      allowDowngrade,
      dataDirectory,
      purgeData,
    }).declared,
    carry: host.declared("pyroscope-stored", dataDirectory, pyroscopeFile),
    trees: ["/etc/pyroscope"],
    validate: [`/usr/bin/pyroscope ${flags(s3SecretKey !== undefined)} -modules`],
    health: [
      { seconds: 90, command: `curl -fsS --max-time 5 ${url}/ready` },
      { seconds: 30, command: host.declared("pyroscope-answers", url) },
    ],
    inForce: `pyroscope-in-force ${url} ${pyroscopeFile}`,
    // 2.x has the storage of 1.x in it, which on a host that never had 1.x complains of this directory every 5 minutes.
    ...(holds("ownStorage", settings.version)
      ? { directories: [{ path: `${dataDirectory}/data`, mode: "0755", owner: "pyroscope:pyroscope" }] }
      : {}),
    files: [
      {
        path: pyroscopeFile,
        mode: "0640",
        owner: "root:pyroscope",
        activation: "restart",
        content: renderPyroscope({ ...settings, dataDirectory }),
      },
      dropIn(unit, {
        // A query that arrives during the shutdown can hang the process; the package waits 120 s.
        TimeoutStopSec: "20s",
        ...pyroscopeHardening(dataDirectory),
        ...limitDirectives(settings),
        ...runsWith(s3SecretKey !== undefined),
      }),
      ...(s3SecretKey === undefined ? [] : [environmentOf(s3SecretKey)]),
    ],
  };
}

function flags(hasSecret: boolean): string {
  return `-config.file ${pyroscopeFile}${hasSecret ? " -config.expand-env" : ""}`;
}

/** The package's unit knows neither an environment nor the flag that puts it into the configuration. */
function runsWith(hasSecret: boolean): DropIn[string] {
  if (!hasSecret) return {};
  return { EnvironmentFile: environmentFile, ExecStart: ["", `/usr/bin/pyroscope ${flags(true)}`] };
}

function environmentOf(s3SecretKey: string): ServiceFile {
  return {
    path: environmentFile,
    mode: "0600",
    owner: "root:root",
    activation: "restart",
    content: renderStorageEnvironment(s3SecretKey),
  };
}
