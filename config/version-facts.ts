/** What of the settings (config/settings.ts) a version may concern. */
export interface Concerned {
  readonly pyroscope: { readonly kind: "local"; readonly raftPort: number } | { readonly kind: "remote" };
  readonly alloy: { readonly fragments: Readonly<Record<string, string>> };
  readonly logs?: object | undefined;
  readonly services: readonly { readonly name: string; readonly profiles: readonly string[] }[];
}

/** Something that is true of a program from one version on. */
export interface VersionFact {
  readonly program: "Pyroscope" | "Alloy" | "Prometheus" | "Caddy";
  /** The first version of which it is true. */
  readonly since: string;
  /** The first later one of which it is no longer. @default it still is */
  readonly until?: string;
  /** What is true, to be read after "from 1.17 on". */
  readonly fact: string;
  /** What we make of it. */
  readonly answer: string;
  /** Where it was read, or how it was seen. */
  readonly source: string;
  /**
   * What somebody with these settings has to know when it begins; undefined where it does not concern them.
   * @default it concerns nobody, because the answer is all that there is to do
   */
  readonly concerns?: (settings: Concerned) => string | undefined;
  /** What is lost with a version of which it is not true yet, coming from one of which it is: such a way back is refused. */
  readonly lostBefore?: string;
}

/**
 * What is true since which version: the only place that knows it. Renderers, settings and checks ask it by
 * {@link holds}; a change of a version tells its rows (version-changes.ts).
 */
export const versionFacts = {
  // Pyroscope
  amd64NeedsX86V2: {
    program: "Pyroscope",
    since: "1.13",
    fact: "the packages for amd64 run only on processors with x86-64-v2 (SSE4.2, POPCNT)",
    answer: "preflight looks at the processor",
    source: "grafana/pyroscope release/v1.13, .goreleaser.yaml: goamd64 v2",
  },
  capabilities: {
    program: "Pyroscope",
    since: "1.14",
    fact: "there is /capabilities.v1.*, which Grafana asks by POST",
    answer: "the site takes it for reading",
    source: "grafana/pyroscope release/v1.14, pkg/api/api.go",
  },
  keepsRelabeledSamples: {
    program: "Pyroscope",
    since: "1.17",
    fact: "a dropped label merges the samples of all threads; before, those of all but one were lost without a word",
    answer: "no older version is installed, and one that is there is upgraded",
    source: "grafana/pyroscope #4365, #4699; of 100 samples over three threads 1.12.0 stored 60, 1.21.1 all",
    concerns: ({ pyroscope }) =>
      pyroscope.kind === "local" ? "What is stored already lacks them for good." : undefined,
  },
  debugInformation: {
    program: "Pyroscope",
    since: "1.19",
    fact: "debug information comes in at /debuginfo.v1alpha1.*",
    answer: "the site takes it for writing",
    source: "grafana/pyroscope release/v1.19, pkg/api/api.go",
  },
  pyroscopeNativeHistograms: {
    program: "Pyroscope",
    since: "1.20",
    fact: "pyroscope_distributor_* histograms are native ones too, of which Prometheus may store no _count, _sum and _bucket",
    answer: "alerts and dashboards ask counters",
    source: "grafana/pyroscope release/v1.20, pkg/distributor/metrics.go; some in 1.13",
  },
  ownStorage: {
    program: "Pyroscope",
    since: "2.0",
    fact: "profiles are stored in a form of its own, by a metastore with a port of its own (raft)",
    answer: "new profiles go there; what 1.x has stored is found beside it until it is too old (v1-v2-dual)",
    source: "grafana/pyroscope v2.0.0 release notes; 2.0.6 and 2.2.1 run by hand",
    concerns: ({ pyroscope }) =>
      pyroscope.kind === "local"
        ? `What 1.x has stored is still found until it is too old. The port ${pyroscope.raftPort} is needed, and there is no way back.`
        : undefined,
    lostBefore: "what 2.x has stored is not found by 1.x, and never deleted",
  },
  cleansUp: {
    program: "Pyroscope",
    since: "2.2",
    fact: "metastore.index.cleanup_interval is 15m; in 2.0 and 2.1 it is off, and nothing is ever deleted",
    answer: "it is always set",
    source: "grafana/pyroscope #5280",
  },
  symbolReferences: {
    program: "Pyroscope",
    since: "2.3",
    until: "2.4",
    fact: "trees refer to symbols in a form that was taken back in 2.4",
    answer: "told, with the version to take",
    source: "grafana/pyroscope release notes of 2.3 and 2.4",
    concerns: ({ pyroscope }) => (pyroscope.kind === "local" ? "Rather set 2.4.0 or later." : undefined),
  },

  // Alloy
  validates: {
    program: "Alloy",
    since: "1.9",
    fact: "there is `alloy validate`",
    answer: "no older version is installed",
    source: "grafana/alloy v1.9.0, internal/alloycli/cmd_validate.go; 1.10.0 run",
  },
  takesPushed: {
    program: "Alloy",
    since: "1.10",
    fact: "pyroscope.receive_http and pyroscope.relabel are generally available",
    answer: "`push` is refused with an older one, unless alloy.stability lets it use what is less stable",
    source: "grafana/alloy v1.10.0, CHANGELOG.md; 1.10.0 run",
  },
  wantsContentType: {
    program: "Alloy",
    since: "1.11",
    fact: "pyroscope.scrape refuses a profile whose Content-Type is not application/octet-stream",
    answer: "preflight and verify ask the endpoints",
    source: "grafana/alloy v1.11.0, internal/component/pyroscope/scrape/scrape_loop.go",
    concerns: ({ services }) => {
      const asked = services.filter(({ profiles }) => profiles.length > 0);
      return asked.length === 0 ? undefined : `Look at what these send: ${names(asked)}.`;
    },
  },
  endsByItself: {
    program: "Alloy",
    since: "1.12",
    fact: "the unit ends what does not end in time; before, it had SendSIGKILL=no",
    answer: "a drop-in of ours before it",
    source: "grafana/alloy v1.12.0, packaging/deb/alloy.service",
  },
  shutdownDeadline: {
    program: "Alloy",
    since: "1.12",
    fact: "there is --feature.component-shutdown-deadline, 10m by default",
    answer: "30s in /etc/default/alloy; an older version does not start with it",
    source: "grafana/alloy v1.12.0, internal/alloycli/cmd_run.go",
  },
  validatesReferences: {
    program: "Alloy",
    since: "1.12",
    fact: "`alloy validate` checks references, functions and arguments, and refuses a file whose references are in another one",
    answer: "the whole directory is validated",
    source: "1.18.1 run",
    concerns: stricter,
  },
  queuesLogs: {
    program: "Alloy",
    since: "1.13",
    fact: "lines of the journal wait for Loki in memory (10 MiB), no longer in the journal",
    answer: "told; an alert on what is dropped",
    source: "grafana/alloy v1.13.0, loki.write",
    concerns: ({ logs }) =>
      logs === undefined ? undefined : "A restart of Alloy while Loki is away loses what waits.",
  },
  oldBasicAuth: {
    program: "Alloy",
    since: "1.13",
    fact: "otelcol.auth.basic calls username and password deprecated, and does not run with client_auth alone",
    answer: "the old form, as long as it is taken",
    source: "1.18.1 run: `no credential source provided`, although `alloy validate` passes",
  },
  validatesStability: {
    program: "Alloy",
    since: "1.14",
    fact: "`alloy validate` checks types, and needs the --stability.level of `alloy run`",
    answer: "the setting alloy.stability goes to both",
    source: "grafana/alloy v1.14.0",
    concerns: stricter,
  },
  restartsOnUpgrade: {
    program: "Alloy",
    since: "1.16.1",
    fact: "the package restarts Alloy at an upgrade where /etc/default/alloy says so, as it does by default",
    answer: "ours says no; an operator's says so while the package is replaced",
    source: "grafana/alloy #6129, packaging/deb/control/postinst",
  },
  labelsByScope: {
    program: "Alloy",
    since: "1.18",
    fact: "every profile is labelled with Alloy's own version (otel.scope.name, otel.scope.version)",
    answer: "a local Pyroscope drops the labels at ingestion",
    source: "grafana/alloy #6569; 1.18.1 run",
    concerns: ({ pyroscope, services }) =>
      pyroscope.kind === "local" || services.every(({ profiles }) => profiles.length === 0)
        ? undefined
        : "Drop the two in the remote Pyroscope: each upgrade makes new series, and a series has room for 30 labels.",
  },
  alloyNativeHistograms: {
    program: "Alloy",
    since: "1.18",
    fact: "pyroscope_fanout_latency is a native histogram too, of which Prometheus may store no _count, _sum and _bucket",
    answer: "alerts and dashboards ask counters",
    source: "grafana/alloy #6385",
  },

  // What the host has already
  scrapeConfigFiles: {
    program: "Prometheus",
    since: "2.43.0",
    fact: "there is scrape_config_files",
    answer: "preflight asks for it, unless prometheus.discovery is file_sd",
    source: "2.42.0 run: `field scrape_config_files not found`",
  },
  basicAuthWithUnderscore: {
    program: "Caddy",
    since: "2.8",
    fact: "the directive is called basic_auth; its older name, basicauth, is deprecated",
    answer:
      "the site has the older name, which every Caddy knows: no upgrade of Caddy can make the file wrong",
    source: "Caddy's source: both names are registered up to 2.11.4; 2.6.2 run",
  },
} as const satisfies Record<string, VersionFact>;

/** The name of a row. */
export type VersionFactName = keyof typeof versionFacts;

function stricter({ alloy }: Concerned): string | undefined {
  const fragments = Object.keys(alloy.fragments).map((name) => ({ name }));
  return fragments.length === 0
    ? undefined
    : `What it accepted of ${names(fragments)} so far, it may refuse; then nothing is changed.`;
}

function names(named: readonly { readonly name: string }[]): string {
  const shown = named.slice(0, 5).map(({ name }) => name);
  const others = named.length - shown.length;
  return [...shown, ...(others === 0 ? [] : [`${others} more`])].join(", ");
}
