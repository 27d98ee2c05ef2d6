import type * as pulumi from "@pulumi/pulumi";
import { dependencies, type Host } from "./host";
import { Component } from "./steady";
import { plainName, refuseWords } from "./words";

/** Where the key of a source is put on the host; the source's `Signed-By`. */
export function keyring(id: string): string {
  return `/etc/apt/keyrings/${id}.asc`;
}

/** Arguments of {@link AptRepository}. */
export interface AptRepositoryArgs {
  host: Host;
  /** The name of its files. */
  id: string;
  /** Where the signing key is published. */
  keyUrl: string;
  /** The fingerprint of the one key that is trusted, 40 hexadecimal digits. */
  fingerprint: string;
  /** The deb822 text, by `renderAptSource`; its `Signed-By` is {@link keyring}. */
  source: string;
}

/** An APT source whose key is pinned by fingerprint: another key at the same URL is refused, and nothing changes. */
export class AptRepository extends Component {
  /** The name that packages are taken from it by. */
  readonly id: string;

  constructor(name: string, args: AptRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("soar:host:AptRepository", name, opts);
    const { id, keyUrl, fingerprint, source } = args;
    const isWhole =
      source.startsWith("# Managed by soar-profiling") && source.includes(`\nSigned-By: ${keyring(id)}\n`);
    refuseWords(
      `AptRepository ${name}`,
      {
        id: [id, plainName],
        keyUrl: [keyUrl, { form: /^https?:\/\/\S+$/, must: "an http or https URL" }],
        fingerprint: [
          fingerprint,
          { form: /^[0-9A-F]{40}$/, must: "40 hexadecimal digits, A-F in capitals" },
        ],
      },
      isWhole ? undefined : "source must be a text of renderAptSource, whose keyFile is keyring(id)",
    );
    this.id = id;
    args.host.command(
      `${name}-source`,
      {
        run: ["apt-repository", "add", args.id, args.keyUrl, args.fingerprint],
        record: `source-${args.id}`,
        remove: ["apt-repository", "remove", args.id],
        stdin: args.source,
      },
      { parent: this, ...dependencies(opts) },
    );
    this.registerOutputs();
  }
}
