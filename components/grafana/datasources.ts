import * as pulumi from "@pulumi/pulumi";
import { oss } from "@pulumiverse/grafana";
import type { Secrets } from "../../config/load";
import { profiled } from "../../config/service";
import type { Settings } from "../../config/settings";
import { formatDuration, parseDuration } from "../../config/units";
import { serviceAttribute } from "../../render/alloy/telemetry-names";
import {
  type DatasourceKind,
  datasourceKinds,
  datasourceSettings,
  datasourceTypes,
  type DatasourceUids,
  datasourceUids,
} from "../../render/grafana/datasources";
import { grafanaUid } from "../../render/grafana/identity";
import { longestScrapeInterval } from "../../render/prometheus/jobs";
import { pyroscopeUrl } from "../pyroscope";
import { steady } from "../host/steady";

/** Where a datasource is, as Grafana sees it, and how it lets one in. */
interface Source {
  readonly url: string;
  /** Sent as X-Scope-OrgID. */
  readonly tenant?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: pulumi.Output<string> | undefined;
  /** Its certificate is not checked. */
  readonly insecureSkipVerify?: boolean;
  /** The authorities of its certificate, in PEM form. @default those that Grafana trusts */
  readonly ca?: string | undefined;
}

/** The datasources that a stack declares. */
export type Sources = Readonly<Partial<Record<DatasourceKind, Source>>>;

/**
 * The datasources that a stack declares: those that `grafana.datasources` names and, where it owns the platform, those that
 * its other settings tell. A stack on another's platform uses the owner's.
 */
export function sourcesOf(settings: Settings, secrets: Secrets = {}): Sources {
  const { grafana, platform } = settings;
  if (grafana === undefined) return {};
  const known = platform.kind === "own" ? knownSources(settings, secrets) : {};
  const sources = datasourceKinds.flatMap((kind) => {
    const set = grafana.datasources[kind];
    const source = set ?? known[kind];
    return source === undefined || "uid" in source ? [] : [[kind, source] as const];
  });
  return Object.fromEntries(sources);
}

function knownSources({ pyroscope, prometheus, logs }: Settings, secrets: Secrets): Sources {
  const { tenant, user } = logs ?? {};
  return {
    pyroscope:
      pyroscope.kind === "local"
        ? { url: pyroscopeUrl(pyroscope) }
        : { ...pyroscope, password: secrets.pyroscopePassword },
    ...(prometheus === undefined
      ? {}
      : { prometheus: { ...prometheus, password: secrets.prometheusPassword } }),
    ...(logs === undefined ? {} : { loki: { url: logs.url, tenant, user, password: secrets.logsPassword } }),
  };
}

/** The uids of the datasources that a stack declares. */
export function uidsOf(environment: string, sources: Sources): DatasourceUids {
  return datasourceUids(environment, Object.keys(sources) as DatasourceKind[]);
}

/** The uids of the datasources that a stack uses as they are, and declares none beside. */
export function existingUids({ grafana }: Pick<Settings, "grafana">): DatasourceUids {
  const set = datasourceKinds.flatMap((kind) => {
    const datasource = grafana?.datasources[kind];
    return datasource !== undefined && "uid" in datasource ? [[kind, datasource.uid] as const] : [];
  });
  return Object.fromEntries(set);
}

/** The uids of all datasources that a stack itself knows of. */
export function ownUids(settings: Settings): DatasourceUids {
  return { ...uidsOf(settings.environment, sourcesOf(settings)), ...existingUids(settings) };
}

/** Declares an environment's datasources, with links between all that there are. */
export function declareDatasources(
  name: string,
  { environment, services, traces }: Pick<Settings, "environment" | "services" | "traces">,
  sources: Sources,
  uids: pulumi.Output<DatasourceUids>,
  opts: pulumi.CustomResourceOptions,
): oss.DataSource[] {
  const shortest = profiled(services)
    .map(({ interval }) => interval)
    .sort((a, b) => a - b)[0];
  const rhythm = {
    profiles: formatDuration(shortest ?? parseDuration("15s")),
    metrics: longestScrapeInterval(services),
  };
  const serviceKey = traces === undefined ? "service.name" : serviceAttribute;
  return datasourceKinds.flatMap((kind) => {
    const source = sources[kind];
    if (source === undefined) return [];
    const { url, user, tenant } = source;
    const title = kind.charAt(0).toUpperCase() + kind.slice(1);
    const headers = tenant === undefined ? {} : { httpHeaderName1: "X-Scope-OrgID" };
    const tls = {
      ...(source.insecureSkipVerify === true ? { tlsSkipVerify: true } : {}),
      ...(source.ca === undefined ? {} : { tlsAuthWithCACert: true }),
    };
    const secure = secureSettings(source);
    const datasource = new oss.DataSource(
      `${name}-${kind}`,
      {
        uid: grafanaUid(environment, kind),
        name: `${title} (${environment})`,
        type: datasourceTypes[kind],
        url,
        accessMode: "proxy",
        ...(user === undefined ? {} : { basicAuthEnabled: true, basicAuthUsername: user }),
        jsonDataEncoded: uids.apply((all) =>
          JSON.stringify({ ...datasourceSettings(kind, all, rhythm, serviceKey), ...headers, ...tls }),
        ),
        ...(secure === undefined ? {} : { secureJsonDataEncoded: secure }),
      },
      opts,
    );
    return [steady(datasource)];
  });
}

/** What Grafana keeps and does not show; it keeps a header's value so, whatever it is. */
function secureSettings({ user, tenant, password, ca }: Source): pulumi.Output<string> | undefined {
  if (user === undefined && tenant === undefined && ca === undefined) return undefined;
  return pulumi.secret(
    pulumi.output(password).apply((text) =>
      JSON.stringify({
        ...(user === undefined ? {} : { basicAuthPassword: text }),
        ...(tenant === undefined ? {} : { httpHeaderValue1: tenant }),
        ...(ca === undefined ? {} : { tlsCACert: ca }),
      }),
    ),
  );
}
