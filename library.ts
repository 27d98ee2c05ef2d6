/**
 * What a program of somebody else may use of this one; `index.ts` is the first that does.
 * @packageDocumentation
 */
export { earlierHosts } from "./components/earlier-hosts";
export { leftBehind, type LeftBehind } from "./components/grafana/left-behind";
export { AptPackage, type AptPackageArgs } from "./components/host/apt-package";
export { AptRepository, type AptRepositoryArgs, keyring } from "./components/host/apt-repository";
export type { SshServer, SshSettings } from "./components/host/connection";
export type {
  Activation,
  Edit,
  HealthCheck,
  Installation,
  ServiceDeclaration,
  ServiceDirectory,
  ServiceFile,
} from "./components/host/declaration";
export { Host } from "./components/host/host";
export type { HostAction, HostArgs } from "./components/host/host-args";
export type { HostIdentity } from "./components/host/identity";
export type { Renamed } from "./components/host/last-commands";
export type { PastRequirement, ScrapedRequirement } from "./components/host/past";
export type {
  AdminRequirement,
  DiskRequirement,
  EndpointRequirement,
  EndpointRequirements,
  MachineRequirement,
  ObjectStorageRequirement,
  PackageRequirement,
  PortRequirement,
  ProgramRequirement,
  Requirements,
  SourceRequirement,
  UnitRequirement,
} from "./components/host/required";
export type { Script } from "./components/host/scripts";
export { Component } from "./components/host/steady";
export { ServiceConfig, type FileDigest, type ServiceConfigArgs } from "./components/host/service-config";
export { readOperatorFiles } from "./components/operator/read";
export { type OfHosts, ProfilingStack, type ProfilingStackArgs } from "./components/profiling-stack";
export type { SiteAccess } from "./components/public-site";
export type { StackUrls } from "./components/urls";
export { refuseLoss } from "./components/version-change";
export {
  type CheckedConfig,
  type LoadedConfig,
  loadSettings,
  type Machine,
  type Secrets,
} from "./config/load";
export type { SecretKey } from "./config/secrets";
export type { HostSettings, PlacedHost, Settings } from "./config/settings";
export type { StorageEstimate } from "./config/storage-estimate";
export type { Duration, Size } from "./config/units";
export { type AptSourceArgs, renderAptSource } from "./render/apt";
