import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { oss, Provider } from "@pulumiverse/grafana";
import type { Secrets } from "../config/load";
import { settingsOfMain } from "../config/placed";
import { refusal } from "../config/refusal";
import { profiled } from "../config/service";
import type { Settings } from "../config/settings";
import type { DatasourceUids } from "../render/grafana/datasources";
import { exploreUrl } from "../render/grafana/explore";
import { grafanaTitle, grafanaUid } from "../render/grafana/identity";
import { pipelineDashboard, type PipelineInfo } from "../render/grafana/pipeline-dashboard";
import { profilesDashboard } from "../render/grafana/profiles-dashboard";
import { contactPointName, declareAlerts } from "./grafana/alerts";
import type { GrafanaAccess, WithGrafana } from "./grafana/access";
import { type ContactGuardArgs, guardContact } from "./grafana/contact-guard";
import { declareDatasources, ownUids, sourcesOf } from "./grafana/datasources";
import type { Existing } from "./grafana/existing";
import { type FolderGuardArgs, guardFolder } from "./grafana/folder-guard";
import { declareOperatorFiles } from "./grafana/operator-files";
import { dependencies } from "./host/host";
import { Component, steady } from "./host/steady";
import { atDestroy } from "./host/destroy-check";
import { tunnelCheck } from "./host/tunnel";
import { boundFiles } from "./operator/bind";
import type { OperatorFiles } from "./operator/files";
import type { PlatformInfo } from "./platform";
import { monitoredPlatform, rulesOf } from "./prometheus-jobs";

/** Arguments of {@link GrafanaObservability}. */
export interface GrafanaObservabilityArgs {
  /** All settings of the stack, as the datasources are made of several. */
  settings: WithGrafana;
  secrets: Secrets;
  access: GrafanaAccess;
  /** What is known to be there of it; kept for the next run. */
  existing: pulumi.Output<Existing | undefined>;
  /** The platform that the environment's profiles go through. */
  platform: pulumi.Output<PlatformInfo>;
  /** The operators' own dashboards and alert rules. */
  files: OperatorFiles;
}

/** What an environment has in Grafana: datasources, a folder, dashboards and alert rules. */
export class GrafanaObservability extends Component {
  /** For each service with profiles, a link that opens them in Grafana's Explore. */
  readonly explore: pulumi.Output<Record<string, string>>;
  private readonly folder: FolderGuardArgs;
  /** Unless all notification policies are the stack's own, or it has no contact point. */
  private readonly contact: ContactGuardArgs | undefined;

  constructor(name: string, args: GrafanaObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:GrafanaObservability", name, opts);
    const { settings, secrets, access } = args;
    const { environment, grafana, hosts } = settings;
    const services = profiled(settings.services);
    const main = settingsOfMain(settings);
    const provider = new Provider(
      `${name}-provider`,
      { url: access.address, ...(access.auth === undefined ? {} : { auth: access.auth }) },
      { parent: this },
    );
    // What has a name of its own in Grafana has to go before another takes the name.
    const child = { parent: this, provider, deleteBeforeReplace: true, ...dependencies(opts) };
    const sources = sourcesOf(settings, secrets);
    const uids = args.platform.apply((info) => ({ ...info.datasources, ...ownUids(settings) }));
    const datasources = declareDatasources(name, settings, sources, uids, child);
    const place = { uid: grafanaUid(environment, "profiling"), title: grafanaTitle(environment) };
    const folder = steady(new oss.Folder(`${name}-folder`, place, child));
    const inFolder = pulumi.recover(folder.uid, () => place.uid);
    const onDatasources = { ...child, dependsOn: [folder, ...datasources] };
    const pyroscope = uids.apply((all) => required(all, "pyroscope", settings));
    const profiles = pyroscope.apply((uid) =>
      profilesDashboard({ environment, services, pyroscope: uid, isOnHosts: hosts.length > 1 }),
    );
    declareDashboard(`${name}-profiles`, inFolder, profiles, onDatasources);
    const pipeline = args.platform.apply((info) => pipelineOf(main, info));
    // Both are over the jobs and rules that we declare there.
    if (settings.prometheus !== undefined) {
      const prometheus = uids.apply((all) => required(all, "prometheus", settings));
      const ofPipeline = pulumi
        .all([pipeline, prometheus])
        .apply(([info, uid]) => pipelineDashboard(info, uid));
      declareDashboard(`${name}-pipeline`, inFolder, ofPipeline, onDatasources);
      if (grafana.alerts !== undefined) {
        const watched = {
          environment,
          services: main.services,
          platform: monitoredPlatform(main),
          settings: settings.prometheus,
          sendsLogs: settings.logs !== undefined,
        };
        const rules = pulumi
          .all([args.platform, prometheus])
          .apply(([info, uid]) => ({ ...rulesOf(watched, info.environment), prometheus: uid }));
        const alerts = { ...grafana.alerts, secretWebhook: secrets.alertsWebhook };
        declareAlerts(name, alerts, inFolder, environment, rules, onDatasources);
      }
    }
    const bound = uids.apply((all) => boundFiles(args.files, all));
    declareOperatorFiles(name, args.files, bound, inFolder, onDatasources);
    const own = ["profiles", "pipeline"].map((role) => grafanaUid(environment, role));
    own.push(...args.files.dashboards.map(({ value }) => value.uid));
    this.folder = { url: access.address, auth: access.auth, ...place, own };
    const isPolicyTheirs = grafana.alerts?.replaceNotificationPolicy === false;
    this.contact = isPolicyTheirs
      ? { url: access.address, auth: access.auth, name: contactPointName(environment) }
      : undefined;
    this.explore = pyroscope.apply((uid) =>
      Object.fromEntries(
        services.map((service) => [
          service.name,
          exploreUrl({ grafanaUrl: grafana.url, pyroscope: uid, environment, service }),
        ]),
      ),
    );
    this.registerOutputs({ explore: this.explore, existing: args.existing });
  }

  /** Created after all that is in the folder, so that a destroy is refused, where others use it, before it removes anything. */
  guardFolder(name: string, opts: pulumi.CustomResourceOptions): command.local.Command {
    return guardFolder(name, this.folder, opts);
  }

  /** Created after the contact point, so that its removal is refused, where a policy uses it, before anything is removed. */
  guardContact(name: string, opts: pulumi.CustomResourceOptions): command.local.Command | undefined {
    return this.contact === undefined ? undefined : guardContact(name, this.contact, opts);
  }
}

/**
 * With a tunnel, the first to go in a destroy: fails at once, with what to do, when the program does not run that opens it.
 */
export function guardTunnel(
  name: string,
  { host, grafana }: Settings,
  opts: pulumi.CustomResourceOptions,
): command.local.Command | undefined {
  if (grafana?.tunnel === undefined) return undefined;
  const check = tunnelCheck({ localPort: grafana.tunnel, ssh: host, url: grafana.url });
  return new command.local.Command(name, atDestroy(check), opts);
}

function declareDashboard(
  name: string,
  folder: pulumi.Output<string>,
  dashboard: pulumi.Output<object>,
  opts: pulumi.CustomResourceOptions,
): void {
  const configJson = dashboard.apply((value) => JSON.stringify(value));
  new oss.Dashboard(name, { folder, configJson }, opts);
}

/** The uid of a datasource that has to be there. */
function required(uids: DatasourceUids, kind: "pyroscope" | "prometheus", { platform }: Settings): string {
  const uid = uids[kind];
  if (uid !== undefined) return uid;
  const owner =
    platform.kind === "own" ? "this stack" : `the stack ${platform.stack}, which owns the platform,`;
  throw refusal(
    `grafana: ${owner} declares no datasource for it: set grafana there too, with grafana.datasources.${kind} unless ` +
      `that is known there, and bring it up; or set grafana.datasources.${kind} here`,
  );
}

function pipelineOf(
  { environment, services }: Settings,
  { environment: platform, storage }: PlatformInfo,
): PipelineInfo {
  return { environment, platform, storage, services: profiled(services) };
}
