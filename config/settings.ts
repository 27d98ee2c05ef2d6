import { z } from "zod";
import { listenAddress, url } from "./addresses";
import * as field from "./fields";
import { host } from "./host";
import { grafana, logs, prometheus, site, traces } from "./observability";
import { serviceSchema } from "./service";
import { alloyVersionProblem, holds, pyroscopeVersionProblem, versionForm } from "./versions";

const stackName = field.text(`a stack as "organization/project/stack"`, /^[\w.-]+\/[\w.-]+\/[\w.-]+$/);

const platform = z.unknown().transform((value, context) => {
  if (value === "own") return { kind: "own" as const };
  const parsed = field
    .map(`"own" or {stack: "organization/project/stack"}`, { stack: stackName })
    .safeParse(value);
  if (parsed.success) return { kind: "stack" as const, ...parsed.data };
  field.adoptIssues(context, parsed.error);
  return z.NEVER;
});

const word = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;

const repository = field
  .map("a map", {
    /** Where APT finds `dists/SUITE/COMPONENT`. */
    url: url("the repository's address").prefault("https://apt.grafana.com"),
    /** The armoured signing key. @default the repository's `gpg-full.key` */
    keyUrl: url("the address of the signing key").optional(),
    /**
     * The signing key's fingerprint: 40 hexadecimal digits, spaces allowed.
     * @default Grafana's, as its repository's own page announced it on 2023-08-24 (quoted in voxpupuli/puppet-grafana
     * pull request 336) and as APT named it for the signed index in 2025 and 2026 (grafana/grafana issue 110073 and
     * pull request 116093).
     */
    fingerprint: z
      .string({ error: field.expected("a fingerprint") })
      .transform((value) => value.replaceAll(" ", "").toUpperCase())
      .refine((value) => /^[0-9A-F]{40}$/.test(value), {
        error: "must be the 40 hexadecimal digits that `gpg --show-keys` prints for the signing key",
      })
      .prefault("B53A E77B ADB6 30A6 8304 6005 963F A277 1045 8545"),
    suite: field.text("a suite", word).default("stable"),
    component: field.text("a component", word).default("main"),
  })
  .transform(({ keyUrl, ...rest }) => ({ ...rest, keyUrl: keyUrl ?? `${rest.url}/gpg-full.key` }));

const localPyroscope = field
  .map("a map", {
    /** Exact version of the Debian package, 1.17 or later, or 2.x. */
    version: version(pyroscopeVersionProblem).default("1.21.1"),
    httpPort: field.port().default(4040),
    grpcPort: field.port().default(4041),
    /** Only Pyroscope 2.x has it. @default 9099 */
    raftPort: field.port().optional(),
    /** How long profiles are kept, at least an hour. */
    retention: field
      .duration()
      .refine((value) => value >= 3_600, {
        error: "must be at least 1h: Pyroscope stores profiles in hourly blocks",
      })
      .prefault("30d"),
    /** What the profiles of the whole retention may take. */
    diskBudget: field.size().prefault("20GiB"),
  })
  .superRefine(refuseRaftPort, { when: field.isMap })
  .transform((value) => ({ kind: "local" as const, ...value, raftPort: value.raftPort ?? 9099 }));

function refuseRaftPort(value: unknown, context: z.RefinementCtx): void {
  const { raftPort, version } = value as { raftPort?: unknown; version?: unknown };
  if (raftPort === undefined || typeof version !== "string") return;
  if (pyroscopeVersionProblem(version) !== undefined || holds("ownStorage", version)) return;
  context.addIssue({
    code: "custom",
    path: ["raftPort"],
    message: "belongs to Pyroscope 2.x: leave it out",
  });
}

const remotePyroscope = field
  .map(
    "a map",
    {
      remote: field.map("a map with at least url, and tenant and user if need be", {
        url: url("the address of the remote Pyroscope"),
        /** Sent as X-Scope-OrgID. */
        tenant: field.text("a tenant", /^[\w!.*'()-]{1,150}$/).optional(),
        /** Basic authentication, together with the secret pyroscopePassword. */
        user: field.text("a user name without a colon", /^[^:\p{Cc}]+$/u).optional(),
      }),
    },
    (key) =>
      key in localPyroscope.in.shape
        ? "belongs to a local Pyroscope: leave it out, or leave out pyroscope.remote"
        : undefined,
  )
  .transform(({ remote }) => ({ kind: "remote" as const, ...remote }));

const pyroscope = z.unknown().transform((value, context) => {
  const isRemote = typeof value === "object" && value !== null && "remote" in value;
  const parsed = (isRemote ? remotePyroscope : localPyroscope).safeParse(value);
  if (parsed.success) return parsed.data;
  field.adoptIssues(context, parsed.error);
  return z.NEVER;
});

const fragments = z
  .record(z.string(), field.opaqueText("Alloy configuration"), {
    error: "must be a map of name to Alloy configuration",
  })
  .superRefine(checkFragmentNames, { when: field.isMap });

function checkFragmentNames(value: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const name of Object.keys(value)) {
    const isReserved = ["profiles", "logs", "traces"].includes(name);
    if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name) && !isReserved) continue;
    const message = isReserved
      ? "is the name of a file of our own: choose another"
      : "must be named with a-z, 0-9 and -";
    context.addIssue({ code: "custom", path: [name], message });
  }
}

const alloy = field.map("a map", {
  /** Exact version of the Debian package, 1.9 or later. */
  version: version(alloyVersionProblem).default("1.10.0-1"),
  /** Alloy's own HTTP server, on loopback. */
  httpPort: field.port().default(12345),
  /** The least stable components that the fragments may use. */
  stability: z
    .enum(["generally-available", "public-preview", "experimental"], {
      error: field.expected('"generally-available", "public-preview" or "experimental"'),
    })
    .default("generally-available"),
  /** Further Alloy configuration: a name, and the text of a file. */
  fragments: fragments.prefault({}),
});

export const otherListenerSchema = field.map("a map with name and port", {
  name: field.text("a name", /^[^\p{Cc}]+$/u),
  port: field.port(),
  address: listenAddress().default("0.0.0.0"),
});

/** Every plain setting, by its config key. Secrets are read apart from it, in load.ts. */
export const settingsSchema = z.strictObject({
  /** Which environment the stack is: part of file, component and label names. */
  environment: field
    .text(
      `a short name such as "production": a-z, 0-9 and -, a letter first, at most 31 characters`,
      /^[a-z][a-z0-9-]{0,30}$/,
    )
    // A directory of our own beside those of the environments.
    .refine((name) => name !== "configured", { error: "is a name of our own: choose another" }),
  /** The machine, and how SSH reaches it. */
  host,
  /** Whether this stack owns what a host has once (repository, Pyroscope, Alloy), or shares another stack's. */
  platform: platform.prefault("own"),
  /** The APT repository that serves Pyroscope and Alloy. */
  repository: repository.prefault({}),
  /** A Pyroscope on the host, or a remote one. */
  pyroscope: pyroscope.prefault({}),
  alloy: alloy.prefault({}),
  /** The host's own Prometheus; on with its url. */
  prometheus,
  /** The services' journal to Loki; on with its url. */
  logs,
  /** OTLP from the services to Tempo; on with its url. */
  traces,
  /** Datasources, dashboards and alerts in Grafana; on with its url. */
  grafana,
  /** Pyroscope behind the host's Caddy; on with its domain. */
  site,
  /** What is profiled. */
  services: z.array(serviceSchema, { error: field.expected("a list of services") }).default([]),
  /** What else listens on the host, so that collisions are found before anything starts. */
  otherListeners: z.array(otherListenerSchema, { error: field.expected("a list of listeners") }).default([]),
  /** Whether each preview and up asks the host, by SSH, for files that were changed by hand. */
  detectDrift: field.flag().default(false),
  /** Whether destroy also removes the stored profiles. */
  purgeData: field.flag().default(false),
  /** Whether a package may be replaced by an older version. */
  allowDowngrade: field.flag().default(false),
});

/** All plain settings, checked and with their defaults. */
export type Settings = z.output<typeof settingsSchema>;
export type HostSettings = Settings["host"];
export type RepositorySettings = Settings["repository"];
export type PyroscopeSettings = Settings["pyroscope"];
export type LocalPyroscope = Extract<PyroscopeSettings, { kind: "local" }>;
export type RemotePyroscope = Extract<PyroscopeSettings, { kind: "remote" }>;
export type AlloySettings = Settings["alloy"];
export type PrometheusSettings = NonNullable<Settings["prometheus"]>;
export type LogsSettings = NonNullable<Settings["logs"]>;
export type TracesSettings = NonNullable<Settings["traces"]>;
export type GrafanaSettings = NonNullable<Settings["grafana"]>;
export type SiteSettings = NonNullable<Settings["site"]>;
export type Service = Settings["services"][number];
export type OtherListener = Settings["otherListeners"][number];

function version(problem: (version: string) => string | undefined) {
  return z.string({ error: field.expected(versionForm) }).superRefine((value, context) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}
