import * as pulumi from "@pulumi/pulumi";
import type { Host } from "./host/host";
import { lastCommands, type Renamed } from "./host/last-commands";
import { knownValueOf } from "./host/values";
import { caddyfile } from "./public-site";

/** Arguments of {@link siteAuthority}. */
export interface SiteAuthorityArgs {
  host: Host;
  /** The Pulumi stack, `organization/project/stack`. */
  stack: string;
  /** What its state has under other names. */
  renamed: Renamed | undefined;
  /** Caddy has an authority of its own once it has a site that needs one. */
  site: pulumi.Resource;
}

/**
 * The certificate of the authority that the Caddy of a host has of its own, for the hosts that send profiles there. It is read
 * once, when there is a site. What failed there is no reason for the others to stop: they go on with the certificate that an
 * `up` before has read.
 */
export function siteAuthority(
  name: string,
  { host, stack, renamed, site }: SiteAuthorityArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const read = host.command(
    name,
    { run: ["site-authority", caddyfile], silent: true },
    { parent, dependsOn: [site] },
  );
  const known = Promise.all([knownValueOf(read.stdout), lastCommands(stack, renamed)]);
  const certificate = known.then(([now, last]) => now ?? last[name]?.stdout ?? read.stdout);
  return pulumi.output(certificate).apply((text) => `${text.trim()}\n`);
}
