import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SiteSettings } from "../config/settings";
import { renderSite, type SiteUser } from "../render/caddy";
import type { ServiceDeclaration } from "./host/declaration";
import { dependencies, type Host } from "./host/host";
import type { AdminRequirement, ProgramRequirement } from "./host/required";
import { ServiceConfig, type FileDigest } from "./host/service-config";
import { Component } from "./host/steady";

/** Where the sites of a SOAR host are; the Caddyfile imports them. */
const siteDirectory = "/etc/soar/caddy";
export const caddyfile = "/etc/caddy/Caddyfile";

/** The user of a site without given ones. */
const onlyUser = "soar";

/** The Caddy that the host has. */
export const caddyRequirement: ProgramRequirement = {
  name: "Caddy",
  command: "caddy version",
  remedy: "install it (apt-get install caddy), or leave out site",
};

/** A Caddy that can be told of a change. */
export const caddyAdmin: AdminRequirement = {
  caddyfile,
  remedy: "take it out and restart Caddy, or leave out site",
};

/** How to get at the site. */
export interface SiteAccess {
  url: string;
  user?: string;
  password?: string;
}

/** Who sends profiles through the site and may do nothing else there: the other hosts of the environment. */
export interface SiteSender {
  name: string;
  /** Of the password, by bcrypt. */
  hash: pulumi.Output<string>;
}

/** Arguments of {@link PublicSite}. */
export interface PublicSiteArgs {
  host: Host;
  environment: string;
  settings: SiteSettings;
  /** The local Pyroscope, on the host. */
  pyroscopeUrl: pulumi.Input<string>;
  /** Who may read: `name:hash` lines. @default one user with a random password */
  users?: pulumi.Output<string> | undefined;
  /** @default none */
  sender?: SiteSender | undefined;
}

/** Pyroscope behind the host's Caddy: its only way out of the host, and never without a password unless told so. */
export class PublicSite extends Component {
  /** Its address, with the user and the random password unless users were given; a secret. */
  readonly access: pulumi.Output<SiteAccess>;
  readonly files: pulumi.Output<FileDigest[]>;
  readonly isApplied: pulumi.Output<boolean>;

  constructor(name: string, args: PublicSiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:profiling:PublicSite", name, opts);
    const { host, settings } = args;
    const isOpen = settings.insecureNoAuthentication;
    const password = isOpen || args.users !== undefined ? undefined : this.createPassword(name);
    const url = `https://${settings.domain}`;
    this.access = pulumi.secret(
      password === undefined ? { url } : { url, user: onlyUser, password: password.result },
    );
    const users = isOpen ? undefined : pulumi.secret(args.users?.apply(parseUsers) ?? onlyHash(password));
    const config = new ServiceConfig(
      `${name}-config`,
      {
        host,
        id: "site",
        secret: !isOpen || args.sender !== undefined,
        declaration: pulumi
          .all([args.pyroscopeUrl, users, args.sender?.hash])
          .apply(([url, known, hash]) => siteDeclaration(args, url, known, hash)),
      },
      { parent: this, ...dependencies(opts) },
    );
    this.files = config.files;
    this.isApplied = config.isApplied;
    this.registerOutputs({ access: this.access, files: this.files });
  }

  private createPassword(name: string): random.RandomPassword {
    return new random.RandomPassword(`${name}-password`, { length: 32, special: false }, { parent: this });
  }
}

function onlyHash(password: random.RandomPassword | undefined): pulumi.Output<SiteUser[]> {
  if (password === undefined) throw new Error("a site with authentication has given users or a password");
  return password.bcryptHash.apply((hash) => [{ name: onlyUser, hash }]);
}

/** Of the lines that config/secret-rules.ts has checked. */
function parseUsers(text: string): SiteUser[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return { name: line.slice(0, colon), hash: line.slice(colon + 1) };
  });
}

function siteDeclaration(
  { host, environment, settings, sender }: PublicSiteArgs,
  pyroscopeUrl: string,
  users: SiteUser[] | undefined,
  hash: string | undefined,
): ServiceDeclaration {
  const { domain, tls, allowPush } = settings;
  const expected = users === undefined ? 200 : 401;
  return {
    unit: "caddy.service",
    isHostUnit: true,
    user: "caddy",
    trees: ["/etc/caddy", siteDirectory],
    validate: [`caddy validate --config ${caddyfile} --adapter caddyfile`],
    reload: "systemctl reload caddy.service",
    health: [{ seconds: 90, command: host.declared("site-answers", domain, expected, tls) }],
    inForce: `caddy-in-force ${caddyfile} ${domain}`,
    edits: [{ path: caddyfile, line: `import ${siteDirectory}/*.conf` }],
    directories: [
      { path: "/etc/soar", mode: "0755", owner: "root:root" },
      { path: siteDirectory, mode: "0755", owner: "root:root" },
    ],
    files: [
      {
        path: `${siteDirectory}/${domain}.conf`,
        mode: "0640",
        owner: "root:caddy",
        activation: "reload",
        content: renderSite({
          environment,
          domain,
          tls,
          allowPush,
          users,
          sender: sender === undefined || hash === undefined ? undefined : { name: sender.name, hash },
          upstream: new URL(pyroscopeUrl).host,
        }),
      },
    ],
  };
}
