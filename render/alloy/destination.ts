import { managedBy } from "../header";
import { accountOf } from "./account";
import { type Block, object, reference, renderAlloy, type Value } from "./syntax";

export interface DestinationArgs {
  /** Base URL of the Pyroscope to write to. */
  readonly pyroscopeUrl: string;
  /** Sent as X-Scope-OrgID. @default none */
  readonly tenant?: string | undefined;
  /** Basic authentication. @default none */
  readonly user?: string | undefined;
  /** File on the host that holds the user's password; required with `user`. */
  readonly passwordFile?: string | undefined;
  /** File on the host with the certificate of the authority that signs for the Pyroscope. @default those of the host */
  readonly authorityFile?: string | undefined;
}

/** How profiles are let in where they go. */
export interface DestinationAccess {
  /** With a user and a password. */
  readonly authenticates: boolean;
  /** The server's certificate is signed by an authority of its own. @default false */
  readonly hasAuthority?: boolean | undefined;
}

/** What the components of all environments on the host read of {@link renderDestination}. */
const holder = "profiles_destination";
const label = "platform";

/**
 * Renders where every environment's profiles go. It stands once, as values of a component of its own that the environments'
 * `pyroscope.write` components read. Besides there is one such component for the user's own fragments.
 *
 * A change of it needs a restart: a running `pyroscope.scrape` keeps the client with which it began (1.10 to 1.18).
 * @throws Error when only one of user and passwordFile is given
 */
export function renderDestination(args: DestinationArgs): string {
  const { pyroscopeUrl, tenant, user, passwordFile, authorityFile } = args;
  const account = accountOf(user, passwordFile);
  const exported = (name: string, value: Value): Block => ({
    name: "export",
    label: name,
    attributes: { value },
  });
  const credentials =
    account === undefined
      ? []
      : [exported("username", account.username), exported("password_file", account.password_file)];
  return renderAlloy(managedBy(), [
    {
      name: "declare",
      label: holder,
      blocks: [
        exported("url", pyroscopeUrl),
        exported("headers", object(tenant === undefined ? {} : { "X-Scope-OrgID": tenant })),
        ...credentials,
        ...(authorityFile === undefined ? [] : [exported("ca_file", authorityFile)]),
      ],
    },
    { name: holder, label },
    writeProfiles(label, { authenticates: account !== undefined, hasAuthority: authorityFile !== undefined }),
  ]);
}

/** A component that sends profiles to the destination, with counters of its own. */
export function writeProfiles(name: string, { authenticates, hasAuthority }: DestinationAccess): Block {
  const value = (field: string): Value => reference(`${holder}.${label}.${field}`);
  const credentials = { username: value("username"), password_file: value("password_file") };
  return {
    name: "pyroscope.write",
    label: name,
    blocks: [
      {
        name: "endpoint",
        attributes: { url: value("url"), headers: value("headers") },
        blocks: [
          ...(authenticates ? [{ name: "basic_auth", attributes: credentials }] : []),
          ...(hasAuthority === true
            ? [{ name: "tls_config", attributes: { ca_file: value("ca_file") } }]
            : []),
        ],
      },
    ],
  };
}
