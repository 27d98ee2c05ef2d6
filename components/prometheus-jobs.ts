import * as pulumi from "@pulumi/pulumi";
import type { PrometheusSettings, Service, Settings } from "../config/settings";
import { versionFacts } from "../config/version-facts";
import { pyroscopeMajor } from "../config/versions";
import {
  renderScrapeJob,
  renderTargetFile,
  scrapeTargets,
  targetFilesJob,
  type PlatformTargets,
} from "../render/prometheus/jobs";
import type { PyroscopeRulesArgs } from "../render/prometheus/pyroscope-rules";
import { renderCurlOptions } from "../render/prometheus/curl-options";
import { renderRules, type RulesArgs } from "../render/prometheus/rules";
import { alloyUrl } from "./alloy";
import type { Edit, ServiceDeclaration, ServiceFile } from "./host/declaration";
import type { Host } from "./host/host";
import type { ProgramRequirement } from "./host/required";
import { ServiceConfig, type FileDigest } from "./host/service-config";
import { shellLine } from "./host/shell";
import type { PrometheusRules } from "./operator/files";
import { budgetOf, pyroscopeDisk, pyroscopeUrl } from "./pyroscope";
import { Component } from "./host/steady";

const unit = "prometheus.service";
/** Where the host's own Prometheus has its configuration. */
export const prometheusDirectory = "/etc/prometheus";
const config = `${prometheusDirectory}/prometheus.yml`;

/** The platform's own processes, and what the alerts about them need to know. */
export interface MonitoredPlatform extends PlatformTargets {
  /** Of a Pyroscope on the host. */
  pyroscope?: PyroscopeRulesArgs | undefined;
}

/** What there is to monitor of a platform that a stack owns; undefined where it owns none. */
export function monitoredPlatform(
  settings: Pick<Settings, "platform" | "pyroscope" | "alloy" | "hostName">,
): MonitoredPlatform | undefined {
  const { platform, pyroscope, alloy, hostName: host } = settings;
  if (platform.kind !== "own") return undefined;
  const common = { alloyUrl: alloyUrl(alloy), ...(host === undefined ? {} : { host }) };
  if (pyroscope.kind !== "local") return common;
  return {
    ...common,
    pyroscopeUrl: pyroscopeUrl(pyroscope),
    pyroscope: {
      major: pyroscopeMajor(pyroscope.version),
      dataDirectory: pyroscopeDisk(pyroscope).directory,
      retention: pyroscope.retention,
      budget: budgetOf(pyroscope),
    },
  };
}

/** Arguments of {@link PrometheusJobs}. */
export interface PrometheusJobsArgs {
  host: Host;
  environment: string;
  settings: PrometheusSettings;
  services: Service[];
  /** Where this environment owns it. */
  platform?: MonitoredPlatform | undefined;
  /** The environment that owns the platform. */
  owner: pulumi.Input<string>;
  /** With `settings.user`. */
  password?: pulumi.Output<string> | undefined;
  /** A service's settings hold a secret. */
  secret: boolean;
  /** Whether the services' logs go to Loki. */
  sendsLogs: boolean;
  /** Where the alerts are: in Prometheus, or "elsewhere", which is in Grafana. */
  alerts: "here" | "elsewhere";
  /** The operators' own. */
  rules: readonly PrometheusRules[];
}

/**
 * What the host's own Prometheus scrapes and watches of one environment. Its prometheus.yml stays the operator's: it gets
 * one line for the jobs and one for the rules, which go with the last environment. Prometheus is reloaded, never restarted.
 */
export class PrometheusJobs extends Component {
  readonly files: pulumi.Output<FileDigest[]>;
  readonly isApplied: pulumi.Output<boolean>;

  constructor(name: string, args: PrometheusJobsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:PrometheusJobs", name, opts);
    const { host } = args;
    const jobs = new ServiceConfig(
      `${name}-config`,
      {
        host,
        id: "prometheus",
        secret: args.secret || args.password !== undefined,
        declaration: pulumi
          .all([args.owner, args.password])
          .apply(([owner, password]) => prometheusDeclaration(args, owner, password)),
      },
      { parent: this, dependsOn: opts?.dependsOn ?? [] },
    );
    this.files = jobs.files;
    this.isApplied = jobs.isApplied;
    this.registerOutputs({ files: this.files });
  }
}

/** The Prometheus that the host must have. */
export function prometheusRequirement({ discovery }: PrometheusSettings, host?: string): ProgramRequirement {
  const without = host === undefined ? "leave out prometheus" : `set hosts.${host}.prometheus to false`;
  const program = { name: "Prometheus", command: "prometheus --version" };
  return discovery === "file_sd"
    ? { ...program, remedy: `apt-get install prometheus, or ${without}` }
    : {
        ...program,
        minimum: versionFacts.scrapeConfigFiles.since,
        remedy: "install that one (Debian 13 has it), or set prometheus.discovery to file_sd",
      };
}

function prometheusDeclaration(
  args: PrometheusJobsArgs,
  owner: string,
  password: string | undefined,
): ServiceDeclaration {
  const { host, settings } = args;
  const { url } = settings;
  const parts = [jobFiles(args), ruleFiles(rulesOf(args, owner), args.alerts), operatorRules(args)];
  const files = parts.flatMap((part) => part.files);
  const login = loginFile(args, password);
  const options = login.files.map(({ path }) => path);
  return {
    unit,
    isHostUnit: true,
    user: "prometheus",
    trees: [prometheusDirectory],
    validate: [`promtool check config ${config}`],
    ask: host.declared("prometheus-admits", url, ...options),
    reload: host.declared("prometheus-reload", url, ...options),
    health: [{ seconds: 60, command: host.declared("prometheus-ready", url, ...options) }],
    inForce: shellLine([
      "prometheus-in-force",
      ...options.flatMap((path) => ["-K", path]),
      url,
      config,
      ...files.map(({ path }) => path),
    ]),
    directories: [...parts.flatMap((part) => part.directories), ...login.directories].map((path) => ({
      path,
      mode: "0750",
      owner: "root:prometheus",
    })),
    files: [...files, ...login.files],
    edits: parts.flatMap((part) => part.edits),
  };
}

interface Part {
  directories: string[];
  files: ServiceFile[];
  edits: Edit[];
}

/** A file a job, and the line that has Prometheus read all files of the directory. */
function jobFiles({ environment, settings, services, platform }: PrometheusJobsArgs): Part {
  const targets = scrapeTargets(services, platform, settings.skip);
  // Not targets/, in which an operator may have files for jobs of their own.
  const isOwnJob = settings.discovery === "scrape_config_files";
  const place = `${prometheusDirectory}/${isOwnJob ? "jobs" : "soar-profiling-targets"}`;
  const render = isOwnJob ? renderScrapeJob : renderTargetFile;
  const pattern = `${place}/*.yml`;
  return {
    directories: [place],
    files: targets.map((target) =>
      file(`${place}/${environment}-${target.name}.yml`, render(environment, target)),
    ),
    edits: [
      isOwnJob
        ? { path: config, key: "scrape_config_files", value: JSON.stringify(pattern) }
        : { path: config, key: "scrape_configs", value: targetFilesJob(pattern) },
    ],
  };
}

/** Whether Prometheus lets in nobody without options of curl. */
export function needsLogin({ user, insecureSkipVerify }: PrometheusSettings): boolean {
  return user !== undefined || insecureSkipVerify;
}

/** What lets root in, by whom Prometheus is asked; it reads no such file itself. */
function loginFile(
  { environment, settings }: PrometheusJobsArgs,
  password: string | undefined,
): Pick<Part, "directories" | "files"> {
  if (!needsLogin(settings)) return { directories: [], files: [] };
  const { user, insecureSkipVerify } = settings;
  const place = `${prometheusDirectory}/soar-profiling-login`;
  const content = renderCurlOptions({ environment, user, password, insecureSkipVerify });
  const path = `${place}/${environment}.curl`;
  return {
    directories: [place],
    files: [{ path, mode: "0600", owner: "root:root", activation: "none", content }],
  };
}

/** What the rules of an environment are about, for Prometheus and for Grafana. */
export function rulesOf(
  watched: Pick<PrometheusJobsArgs, "environment" | "services" | "platform" | "sendsLogs"> & {
    settings: Pick<PrometheusSettings, "skip">;
  },
  owner: string,
): RulesArgs {
  const { environment, services, platform, settings, sendsLogs } = watched;
  // Prometheus cannot tell a service that is away from one whose metrics fail.
  const lasting = services.filter(({ schedule }) => schedule === "always");
  const jobs = scrapeTargets(lasting, platform, settings.skip).map(({ name }) => name);
  return { environment, jobs, owner, services, sendsLogs, pyroscope: platform?.pyroscope };
}

function ruleFiles(args: RulesArgs, alerts: PrometheusJobsArgs["alerts"]): Part {
  const content = renderRules(args, alerts);
  if (content === undefined) return { directories: [], files: [], edits: [] };
  const place = `${prometheusDirectory}/rules`;
  return {
    directories: [place],
    files: [file(`${place}/${args.environment}-profiling.yml`, content)],
    // Others' rules in this directory are loaded, or not, as they were.
    edits: [{ path: config, key: "rule_files", value: JSON.stringify(`${place}/*-profiling.yml`) }],
  };
}

/** In a directory of their own: the name of no file of another environment, or of ours, can be theirs. */
function operatorRules({ environment, rules }: PrometheusJobsArgs): Part {
  if (rules.length === 0) return { directories: [], files: [], edits: [] };
  const place = `${prometheusDirectory}/soar-profiling-rules`;
  return {
    directories: [place],
    // No environment has a dot in its name.
    files: rules.map(({ name, content }) => file(`${place}/${environment}.${name}.yml`, content)),
    edits: [{ path: config, key: "rule_files", value: JSON.stringify(`${place}/*.yml`) }],
  };
}

function file(path: string, content: string): ServiceFile {
  return { path, mode: "0640", owner: "root:prometheus", activation: "reload", content };
}
