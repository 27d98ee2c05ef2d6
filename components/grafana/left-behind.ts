import * as pulumi from "@pulumi/pulumi";
import type { Secrets } from "../../config/load";
import { settingsOfGrafana } from "../../config/placed";
import type { Settings } from "../../config/settings";
import { datasourceTypes, type DatasourceKind } from "../../render/grafana/datasources";
import { grafanaTitle, grafanaUid } from "../../render/grafana/identity";
import { lastResources } from "../host/last-resources";
import { valueOf } from "../host/values";
import type { OperatorFiles } from "../operator/files";
import { authorization, grafanaAccess } from "./access";
import { sourcesOf, uidsOf } from "./datasources";

/** The uids in Grafana of resources that the stack's state does not have, by the resources' names. */
export type LeftBehind = Readonly<Record<string, string>>;

/** What a stack makes in Grafana under a uid of its choice. */
interface Made {
  readonly uid: string;
  /** Where Grafana's API has it. */
  readonly path: string;
  /** What its answer must have at these keys, to be what the stack makes. */
  readonly is: Readonly<Record<string, unknown>>;
}

/** How long Grafana may take for an answer, in milliseconds. */
const patience = 10_000;

/**
 * What an `up` has left in Grafana that was ended between Grafana's answer and Pulumi's record of it: an `up` takes it over,
 * as creating it again would fail. Grafana is asked only where the state has the provider and lacks something else, and not by
 * a preview, which may be where Grafana is out of reach.
 * @param name of the component in Grafana
 * @param stack `organization/project/stack`
 */
export async function leftBehind(
  name: string,
  stack: string,
  { settings: all, secrets, files }: { settings: Settings; secrets: Secrets; files: OperatorFiles },
): Promise<LeftBehind> {
  const settings = settingsOfGrafana(all);
  const { grafana } = settings;
  if (grafana === undefined || pulumi.runtime.isDryRun()) return {};
  const known = new Set(Object.keys(await lastResources(stack)));
  const missing = Object.entries(madeBy(name, settings, files)).filter(([resource]) => !known.has(resource));
  if (!known.has(`${name}-provider`) || missing.length === 0) return {};
  const access = grafanaAccess({ ...settings, grafana }, secrets);
  const [base, auth] = [await access.address, await valueOf(access.auth)];
  const found = await Promise.all(
    missing.map(async ([resource, made]) =>
      (await isThere(base, auth, made)) ? [[resource, made.uid]] : [],
    ),
  );
  return Object.fromEntries(found.flat()) as LeftBehind;
}

/** Has the resources of a component take over what was left of them. */
export function takeOver(left: LeftBehind): pulumi.ResourceTransformation {
  return ({ name, props, opts }) => {
    const uid = left[name];
    return uid === undefined ? undefined : { props, opts: { ...opts, import: uid } };
  };
}

function madeBy(name: string, settings: Settings, files: OperatorFiles): Record<string, Made> {
  const { environment, prometheus } = settings;
  const sources = sourcesOf(settings);
  const folder = { uid: grafanaUid(environment, "profiling"), title: grafanaTitle(environment) };
  const roles = prometheus === undefined ? ["profiles"] : ["profiles", "pipeline"];
  const dashboards = [
    ...roles.map((role) => [`${name}-${role}`, grafanaUid(environment, role)] as const),
    ...files.dashboards.map(({ value: { uid } }) => [`${name}-dashboard-${uid}`, uid] as const),
  ];
  return {
    [`${name}-folder`]: { uid: folder.uid, path: `/api/folders/${folder.uid}`, is: { title: folder.title } },
    ...Object.fromEntries(
      Object.entries(uidsOf(environment, sources)).map(([kind, uid]) => {
        const { url } = sources[kind as DatasourceKind] ?? {};
        const is = { type: datasourceTypes[kind as DatasourceKind], url };
        return [`${name}-${kind}`, { uid, path: `/api/datasources/uid/${uid}`, is }];
      }),
    ),
    ...Object.fromEntries(
      dashboards.map(([resource, uid]) => [
        resource,
        { uid, path: `/api/dashboards/uid/${uid}`, is: { folderUid: folder.uid } },
      ]),
    ),
  };
}

/** No, too, where Grafana does not answer: the provider tells that. */
async function isThere(base: string, auth: string | undefined, { path, is }: Made): Promise<boolean> {
  const answer = await fetch(`${base.replace(/\/+$/, "")}${path}`, {
    headers: auth === undefined ? {} : authorization(auth),
    signal: AbortSignal.timeout(patience),
  }).catch(() => undefined);
  if (answer?.ok !== true) return false;
  const { meta, ...told } = (await answer.json()) as Record<string, unknown>;
  const all = { ...told, ...(meta as object | undefined) } as Record<string, unknown>;
  return Object.entries(is).every(([key, value]) => all[key] === value);
}
