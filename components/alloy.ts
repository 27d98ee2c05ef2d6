import * as pulumi from "@pulumi/pulumi";
import type { AlloySettings } from "../config/settings";
import { holds } from "../config/versions";
import { alloyDirectory, renderAlloyDefaults, stabilityFlags } from "../render/alloy/defaults";
import { type EndpointArgs, renderDestination } from "../render/alloy/destination";
import { renderAlloyPlatform } from "../render/alloy/platform";
import { alloyHardening, limitDirectives } from "../render/hardening";
import { dropIn } from "./drop-in";
import { AptPackage } from "./host/apt-package";
import type { AptRepository } from "./host/apt-repository";
import {
  readDeclaration,
  type ServiceDeclaration,
  type ServiceDirectory,
  type ServiceFile,
} from "./host/declaration";
import type { Host } from "./host/host";
import type { PortRequirement, UnitRequirement } from "./host/required";
import { ServiceConfig, type FileDigest } from "./host/service-config";
import { Component } from "./host/steady";

const unit = "alloy.service";

/** The id of the configuration that all others of Alloy need. */
export const alloyPlatform = "alloy";

/** What another environment on the same host needs to know of its Alloy. */
export interface AlloyInfo {
  version: string;
  httpPort: number;
  /** The least stable components that it takes. @default only generally available ones */
  stability?: string;
}

/** Where Alloy sends the profiles to. */
export interface ProfileDestination {
  url: string;
  /** Sent as `X-Scope-OrgID`. */
  tenant?: string | undefined;
  /** For basic authentication, with the password. */
  user?: string | undefined;
  password?: pulumi.Output<string> | undefined;
  /** The authorities of its certificate, in PEM form. @default those that the host trusts */
  ca?: pulumi.Input<string> | undefined;
  /** A second place that gets the same. @default none */
  also?: (Omit<ProfileDestination, "also"> & { ca?: string | undefined }) | undefined;
}

/** Arguments of {@link Alloy}. */
export interface AlloyArgs {
  host: Host;
  repository: AptRepository;
  settings: AlloySettings;
  destination: ProfileDestination;
  /** The host's Prometheus asks it. */
  isMeasured: boolean;
  /** What has to be known of the way to this version. */
  warnings: pulumi.Input<readonly string[]>;
  allowDowngrade: boolean;
  purgeData: boolean;
}

/** The collector of a host, with the part of its configuration that all environments share. */
export class Alloy extends Component {
  /** The version that the host has. */
  readonly version: pulumi.Output<string>;
  /** Whether the host has it as it is declared. */
  readonly isApplied: pulumi.Output<boolean>;
  readonly files: pulumi.Output<FileDigest[]>;

  constructor(name: string, args: AlloyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:Alloy", name, opts);
    const { host, repository, settings, warnings } = args;
    const { password, also, ca } = args.destination;
    const passwords = [password, also?.password];
    const config = new ServiceConfig(
      `${name}-config`,
      {
        host,
        id: alloyPlatform,
        declaration:
          typeof ca !== "object" && passwords.every((one) => one === undefined)
            ? platformDeclaration(args, { ca })
            : pulumi
                .all([password, also?.password, ca])
                .apply(([password, alsoPassword, ca]) =>
                  platformDeclaration(args, { password, alsoPassword, ca }),
                ),
        secret: passwords.some((one) => one !== undefined),
        warnings,
      },
      { parent: this, dependsOn: repository },
    );
    this.version = pulumi.unsecret(
      config.applied.apply((text) => readDeclaration(text).version ?? settings.version),
    );
    this.isApplied = config.isApplied;
    this.files = config.files;
    this.registerOutputs({ version: this.version, files: this.files });
  }
}

/** The address of Alloy's own HTTP server, on the host. */
export function alloyUrl({ httpPort }: Pick<AlloyInfo, "httpPort">): string {
  return `http://127.0.0.1:${httpPort}`;
}

/** What runs Alloy. */
export const alloyUnit: UnitRequirement = { unit, package: "alloy" };

/** The port that Alloy needs. */
export function alloyPorts({ httpPort }: AlloyInfo): PortRequirement[] {
  return [{ address: "127.0.0.1", port: httpPort, unit, purpose: "Alloy (HTTP)", setting: "alloy.httpPort" }];
}

/** A file of Alloy's configuration directory. */
export function alloyFragment(
  name: string,
  content: string,
  activation: ServiceFile["activation"] = "reload",
): ServiceFile {
  const path = `${alloyDirectory}/${name}.alloy`;
  return { path, mode: "0640", owner: "root:alloy", activation, content };
}

/**
 * The file of a password that Alloy reads, with its directory; nothing without a password. What is written of it is the
 * path.
 */
export function alloyPassword(
  name: string,
  password: string | undefined,
): { path?: string; directories: ServiceDirectory[]; files: ServiceFile[] } {
  if (password === undefined) return { directories: [], files: [] };
  const directory = "/etc/alloy/secrets";
  const path = `${directory}/${name}`;
  return {
    path,
    directories: [{ path: directory, mode: "0750", owner: "root:alloy" }],
    files: [{ path, mode: "0640", owner: "root:alloy", activation: "reload", content: `${password}\n` }],
  };
}

/** How any of Alloy's files is validated and activated. The whole directory is validated, with the files of others. */
export function alloyDeclaration(host: Host, alloy: AlloyInfo, files: ServiceFile[]): ServiceDeclaration {
  const url = alloyUrl(alloy);
  const fragments = files.filter(({ path }) => path.endsWith(".alloy"));
  return {
    unit,
    user: "alloy",
    package: { name: "alloy", version: alloy.version },
    trees: ["/etc/alloy"],
    validate: [["/usr/bin/alloy validate", ...stabilityFlags(alloy.stability), alloyDirectory].join(" ")],
    reload: host.declared("alloy-reload", url),
    health: [{ seconds: 60, command: host.declared("alloy-ready", url) }],
    faults: host.declared("alloy-faults", url),
    inForce: `alloy-in-force ${url} ${fragments.map(({ path }) => path).join(" ")}`,
    directories: [{ path: alloyDirectory, mode: "0750", owner: "root:alloy" }],
    files,
  };
}

/** What of the destination is known only later. */
interface Known {
  password?: string | undefined;
  alsoPassword?: string | undefined;
  ca: string | undefined;
}

function platformDeclaration(args: AlloyArgs, { password, alsoPassword, ca }: Known): ServiceDeclaration {
  const { host, settings, destination, isMeasured, repository, allowDowngrade, purgeData } = args;
  const secret = alloyPassword("pyroscope-password", password);
  const alsoSecret = alloyPassword("pyroscope-also-password", alsoPassword);
  const { also } = destination;
  const declaration = alloyDeclaration(host, settings, [
    {
      path: "/etc/default/alloy",
      mode: "0644",
      owner: "root:root",
      activation: "restart",
      content: renderAlloyDefaults(settings),
    },
    dropIn(unit, {
      // The unit of such a package would wait for ever for an Alloy that does not end.
      ...(holds("endsByItself", settings.version) ? {} : { SendSIGKILL: "yes" }),
      ...alloyHardening,
      ...limitDirectives(settings),
    }),
    alloyFragment("platform", renderAlloyPlatform({ isMeasured })),
    alloyFragment(
      "destination",
      renderDestination({
        ...endpointOf({ ...destination, ca }, secret.path),
        ...(also === undefined ? {} : { also: endpointOf(also, alsoSecret.path) }),
      }),
      "restart",
    ),
    ...secret.files,
    ...alsoSecret.files,
  ]);
  const [directories = []] = [secret, alsoSecret]
    .map((one) => one.directories)
    .filter(({ length }) => length > 0);
  return {
    ...declaration,
    ...new AptPackage({
      name: "alloy",
      version: settings.version,
      source: repository.id,
      allowDowngrade,
      dataDirectory: "/var/lib/alloy",
      purgeData,
    }).declared,
    // At a take-over the operator's file is in force when the package is upgraded.
    ...(holds("restartsOnUpgrade", settings.version)
      ? { replacing: { path: "/etc/default/alloy", line: "RESTART_ON_UPGRADE=false" } }
      : {}),
    directories: [...(declaration.directories ?? []), ...directories],
  };
}

function endpointOf(
  { url, tenant, user, ca }: Omit<ProfileDestination, "also" | "ca"> & { ca?: string | undefined },
  passwordFile: string | undefined,
): EndpointArgs {
  return {
    pyroscopeUrl: url,
    ...(tenant === undefined ? {} : { tenant }),
    ...(user === undefined ? {} : { user, passwordFile }),
    ...(ca === undefined ? {} : { ca }),
  };
}
