import { pastWords } from "./past";
import type {
  EndpointRequirement,
  ObjectStorageRequirement,
  PackageRequirement,
  Requirements,
} from "./required";
import { preflight } from "./scripts";

/** A look at the host before anything on it is changed. */
export interface Preflight {
  /** The words that the script is run with. */
  words: (string | number)[];
  /** How long it may take, in seconds. */
  seconds: number;
}

/**
 * Looks at the host before anything on it is changed, and fails with all that is in the way: the Debian release, the
 * architecture, systemd, sudo, namespaces, ports held by other processes (by name), free disk, programs and their versions, apt
 * sources that contradict ours, files of others that decide how a unit of ours runs, endpoints that answer wrongly.
 */
export function preflightOf(required: Requirements): Preflight {
  return { words: checks(required), seconds: timeLimit(required) };
}

/**
 * The script of it, for `sh -s`; its last line says which machine the host is.
 * @param login options of curl that let one in where `scraped` is asked; they may hold a secret
 * @param storageLogin those with the key for `objectStorage`
 */
export function preflightScript(
  { endpoints, scraped }: Requirements,
  login: string | undefined,
  storageLogin?: string,
): string {
  return preflight(
    endpoints?.endpoints.map(endpointLine),
    scraped?.targets.map(({ name, url }) => `${name} ${url}`),
    login,
    storageLogin,
  );
}

/** The arguments of the script. */
function checks(required: Requirements): (string | number)[] {
  const {
    ports,
    disks,
    programs = [],
    sources = [],
    units = [],
    packages = [],
    admin,
    endpoints,
    machine,
    past,
    scraped,
    objectStorage,
  } = required;
  return [
    ...(objectStorage === undefined ? [] : storageWords(objectStorage)),
    ...ports.flatMap(({ address, port, unit, purpose, setting }) => [
      "port",
      address,
      port,
      unit,
      purpose,
      setting,
    ]),
    ...disks.flatMap(({ directory, bytes, setting }) => ["disk", directory, bytes, setting]),
    ...programs.flatMap(({ name, command: line, minimum, remedy }) => [
      "program",
      name,
      line,
      minimum ?? 0,
      remedy,
    ]),
    ...sources.flatMap(({ url, suite, keyring }) => ["source", url, suite, keyring]),
    ...units.flatMap(({ unit, package: name }) => ["unit", unit, name]),
    ...packages.flatMap(ofPackage),
    ...(past === undefined ? [] : pastWords(past)),
    ...(scraped === undefined ? [] : ["scraped", scraped.url, scraped.directory]),
    ...(admin === undefined ? [] : ["admin", admin.caddyfile, admin.remedy]),
    ...(machine === undefined ? [] : ["machine", machine.id, machine.stack]),
    ...(endpoints === undefined || endpoints.endpoints.length === 0
      ? []
      : [
          "endpoints",
          endpoints.contentType ?? "-",
          endpoints.bytes ?? 0,
          endpoints.correct,
          endpoints.adapt,
        ]),
  ];
}

/** They come first: the script takes them before all others. */
function storageWords(storage: ObjectStorageRequirement): string[] {
  const { url, region, bucket, prefix = "", setting, secret, directory, file } = storage;
  return ["object-storage", url, region, bucket, prefix, setting, secret, directory, file];
}

function endpointLine({ name, url, seconds = 0, mayBeAway = false }: EndpointRequirement): string {
  return `${name} ${url} ${seconds}${mayBeAway ? " may-be-away" : ""}`;
}

/** Endpoints that the script asks at once. */
const atOnce = 50;

/** The requests to a bucket, each of which has its own limit in the script. */
const ofStorage = 4 * 30;

/** In seconds: room for the busiest of the endpoints, each of which has its own limits in the script. */
function timeLimit({ endpoints, objectStorage }: Requirements): number {
  const asked = endpoints?.endpoints ?? [];
  const longest = Math.max(0, ...asked.map(({ seconds = 0 }) => seconds));
  return (
    60 + (objectStorage === undefined ? 0 : ofStorage) + Math.ceil(asked.length / atOnce) * (3 * longest + 30)
  );
}

function ofPackage(required: PackageRequirement): string[] {
  const { name, version, allowDowngrade, upgrade, noWayBack, cpu } = required;
  return [
    "package",
    name,
    version,
    allowDowngrade ? "yes" : "no",
    upgrade?.before ?? "",
    upgrade?.why ?? "",
    ...(noWayBack === undefined ? [] : ["no-way-back", name, noWayBack.since, noWayBack.why]),
    ...(cpu === undefined ? [] : ["cpu", cpu, name]),
  ];
}
