import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../config/refusal";
import type { OtherDatasource } from "../../render/grafana/datasource-references";
import {
  type DatasourceKind,
  datasourceKinds,
  datasourceTypes,
  type DatasourceUids,
} from "../../render/grafana/datasources";
import { byText } from "../../render/header";
import { type LastResource, lastResources } from "../host/last-resources";
import { knownValueOf } from "../host/values";
import { refuseFiles } from "../operator/bind";
import type { FileProblem, FromFile } from "../operator/files";
import { authorization, type GrafanaAccess, type WithGrafana } from "./access";
import { existingUids } from "./datasources";

/** A datasource as Grafana's API lists it. */
interface Listed {
  uid: string;
  name: string;
  type: string;
}

/** The datasources that a stack uses by their uid, and whose. */
export interface Existing {
  url: string;
  uids: DatasourceUids;
  /** Those that only the operators' own files ask, by their uids. @default none */
  others?: string[];
}

/** How long Grafana may take to answer, in milliseconds; behind a tunnel that is a login, too. */
const patience = 20_000;

/**
 * Asks Grafana whether it has the datasources that are used by their uid. It is asked when they are new to the stack: an `up`
 * that changes nothing opens no connection. A preview does not open a tunnel, unless it may ask the host anyway.
 * @param name of the component that has as its output `existing` what this returned in the last `up`
 * @param stack `organization/project/stack`
 * @param asked what the operators' own files ask beside the stack's datasources
 * @returns those that are there; undefined where there are none, or where that is not known
 * @throws pulumi.RunError that names each that is missing or is of another type
 */
export async function checkExisting(
  name: string,
  settings: WithGrafana,
  access: GrafanaAccess,
  stack: string,
  asked: readonly FromFile<OtherDatasource>[] = [],
): Promise<Existing | undefined> {
  const uids = existingUids(settings);
  const others = [...new Set(asked.map(({ value }) => value.uid))].sort(byText);
  const existing = { url: settings.grafana.url, uids, ...(others.length === 0 ? {} : { others }) };
  if (Object.keys(uids).length + others.length === 0) return undefined;
  const resources = await lastResources(stack);
  const own = Object.entries(uids).filter(([kind, uid]) => uidOf(resources[`${name}-${kind}`]) === uid);
  if (own.length > 0) throw refusal(["Invalid configuration:", ...own.map(ownProblem)].join("\n"));
  const last = resources[name]?.outputs as { existing?: unknown } | undefined;
  if (isDeepStrictEqual(last?.existing, existing)) return existing;
  const isOpen = settings.grafana.tunnel === undefined || settings.detectDrift || !pulumi.runtime.isDryRun();
  const listed = isOpen
    ? await datasourcesAt(access)
    : "a preview opens grafana.tunnel only with detectDrift";
  if (typeof listed === "string") {
    const which = [...Object.values(uids), ...others].join(", ");
    void pulumi.log.warn(
      `grafana.datasources: Grafana could not be asked whether it has ${which}: ${listed}`,
    );
    return undefined;
  }
  const problems = existingProblems(uids, listed);
  if (problems.length > 0) throw refusal(["Invalid configuration:", ...problems].join("\n"));
  // One of the stack's that no setting declares any more goes with this up.
  const going = new Set(datasourceKinds.map((kind) => uidOf(resources[`${name}-${kind}`])));
  refuseFiles(
    otherProblems(
      asked,
      listed.filter(({ uid }) => !going.has(uid)),
    ),
  );
  return existing;
}

function uidOf(resource: LastResource | undefined): unknown {
  return (resource?.outputs as { uid?: unknown } | undefined)?.uid;
}

/** It would be deleted for being none of the stack's any more. */
function ownProblem([kind, uid]: [string, string]): string {
  return `- grafana.datasources.${kind}.uid: ${uid} is the stack's own datasource: leave it out, so that it stays`;
}

/** What is wrong with uids, by the datasources that Grafana has. */
export function existingProblems(uids: DatasourceUids, listed: readonly Listed[]): string[] {
  return Object.entries(uids).flatMap(([kind, uid]) => {
    const type = datasourceTypes[kind as DatasourceKind];
    const found = listed.find((datasource) => datasource.uid === uid);
    if (found?.type === type) return [];
    const others = listed.filter((datasource) => datasource.type === type);
    const known = others.map((other) => `${other.uid} (${other.name})`).join(", ");
    const what =
      found === undefined
        ? `Grafana has no datasource with the uid ${uid}`
        : `the datasource ${uid} (${found.name}) is of type ${found.type}, not ${type}`;
    const remedy =
      known === ""
        ? `it has none of type ${type}: make one there, or set an address here`
        : `of type ${type} it has ${known}`;
    return [`- grafana.datasources.${kind}.uid: ${what}; ${remedy}`];
  });
}

/** What is wrong with files that ask other datasources than those of the stack, by the ones that Grafana has. */
export function otherProblems(
  asked: readonly FromFile<OtherDatasource>[],
  listed: readonly Listed[],
): FileProblem[] {
  const has = listed.map(({ uid, name }) => `${uid} (${name})`).join(", ") || "none";
  return asked
    .filter(({ value }) => !listed.some(({ uid }) => uid === value.uid))
    .map(({ file, value }) => ({ file, message: `${value.problem}. Grafana has ${has}` }));
}

/** All datasources of the organization, or why they could not be had. */
async function datasourcesAt({ address, auth }: GrafanaAccess): Promise<Listed[] | string> {
  const account = auth === undefined ? undefined : await knownValueOf(auth);
  const url = await knownValueOf(address);
  if (url === undefined || account === undefined)
    return "its address or the secret grafanaAuth is not known yet";
  try {
    const response = await fetch(`${url}/api/datasources`, {
      headers: authorization(account),
      signal: AbortSignal.timeout(patience),
    });
    if (!response.ok) return `it answers with status ${response.status}: see the secret grafanaAuth`;
    return (await response.json()) as Listed[];
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
