import { managedBy, oneLine } from "./header";

/** A user of the site, and the bcrypt hash of the password. */
export interface SiteUser {
  readonly name: string;
  readonly hash: string;
}

export interface SiteArgs {
  readonly environment: string;
  /** The site's host name. */
  readonly domain: string;
  /** Who signs its certificate: a public authority, or Caddy's own. */
  readonly tls: "acme" | "internal";
  /** Where Pyroscope answers, `127.0.0.1:4040`. */
  readonly upstream: string;
  /** Who may read; undefined means anyone. */
  readonly users: readonly SiteUser[] | undefined;
  readonly allowPush: boolean;
  /** Who may send profiles and do nothing else: the other hosts of the environment. @default nobody */
  readonly sender?: SiteUser | undefined;
}

/**
 * Where Pyroscope takes profiles: its own API, the old one, and OTLP; and debug information for them. These lists are
 * those of all versions: a path that a version does not know yet is not found there.
 */
const pushPaths = [
  "/push.v1.*",
  "/ingest*",
  "/pyroscope/ingest*",
  "/opentelemetry.*",
  "/v1development/*",
  "/debuginfo.v1alpha1.DebuginfoService/ShouldInitiateUpload",
  "/debuginfo.v1alpha1.DebuginfoService/Upload*",
];

/** What reads by POST: queries, the links to source code, and what else Grafana asks. What sets or deletes is not among them. */
const queryPaths = [
  "/querier.v1.QuerierService/*",
  "/vcs.v1.VCSService/*",
  "/capabilities.v1.FeatureFlagsService/*",
  "/settings.v1.SettingsService/Get",
  "/settings.v1.RecordingRulesService/GetRecordingRule",
  "/settings.v1.RecordingRulesService/ListRecordingRules",
  "/debuginfo.v1alpha1.DebuginfoService/ListDebuginfo",
];

/**
 * The directive's older name. All versions know it, and those of Debian know no other; from 2.8 on Caddy logs that it is
 * deprecated. So the file does not depend on which Caddy the host has, and an upgrade of it needs no change here.
 */
const authentication = "basicauth";

/**
 * Renders the site of a Pyroscope for Caddy. Closed is what is not known to be for reading.
 * @throws Error when there are no users although not everyone may read
 */
export function renderSite(args: SiteArgs): string {
  const { domain, tls, upstream, users, allowPush, sender } = args;
  if (users?.length === 0) throw new Error("a site with authentication needs a user");
  const openPosts = allowPush || sender !== undefined ? [...queryPaths, ...pushPaths] : queryPaths;
  const lines = [
    `# ${managedBy(args.environment)}`,
    `${oneLine(domain)} {`,
    ...(tls === "internal" ? ["\ttls internal", ""] : []),
    ...(allowPush || sender !== undefined
      ? []
      : [`\t@push path ${pushPaths.join(" ")}`, ...refusal("@push", "profiles are not taken here"), ""]),
    "\t@write {",
    ...block("not", ["method GET HEAD OPTIONS"]),
    ...block("not", ["method POST", `path ${openPosts.join(" ")}`]),
    "\t}",
    ...refusal("@write", "this site is for reading"),
    "",
    ...(sender === undefined ? [] : pushing(sender, args)),
    "\thandle {",
    ...(users === undefined ? [] : block(authentication, users.map(userLine))),
    ...block(`reverse_proxy ${upstream}`, ["header_up -Authorization"]),
    "\t}",
    "}",
    "",
  ];
  return lines.join("\n");
}

/** Who reads sends only where that is allowed; whoever may read without a password then sends without one, too. */
function pushing(sender: SiteUser, { users, allowPush, upstream }: SiteArgs): string[] {
  const others = allowPush ? users : [];
  return [
    `\t@push path ${pushPaths.join(" ")}`,
    "\thandle @push {",
    ...(others === undefined ? [] : block(authentication, [sender, ...others].map(userLine))),
    ...block(`reverse_proxy ${upstream}`, ["header_up -Authorization"]),
    "\t}",
    "",
  ];
}

function userLine({ name, hash }: SiteUser): string {
  return `${oneLine(name)} ${oneLine(hash)}`;
}

function refusal(matcher: string, words: string): string[] {
  return [`\thandle ${matcher} {`, `\t\trespond "${words}" 403`, "\t}"];
}

function block(head: string, lines: readonly string[]): string[] {
  return [`\t\t${head} {`, ...lines.map((line) => `\t\t\t${line}`), "\t\t}"];
}
