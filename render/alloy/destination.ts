import { managedBy } from "../header";
import { accountOf } from "./account";
import { type Block, object, reference, renderAlloy, type Value } from "./syntax";

/** A place that profiles go to. */
export interface EndpointArgs {
  /** Base URL of the Pyroscope to write to. */
  readonly pyroscopeUrl: string;
  /** Sent as X-Scope-OrgID. @default none */
  readonly tenant?: string | undefined;
  /** Basic authentication. @default none */
  readonly user?: string | undefined;
  /** File on the host that holds the user's password; required with `user`. */
  readonly passwordFile?: string | undefined;
  /** The authorities of its certificate, in PEM form. @default those that the host trusts */
  readonly ca?: string | undefined;
}

export interface DestinationArgs extends EndpointArgs {
  /** A second place that gets the same. @default none */
  readonly also?: EndpointArgs | undefined;
}

/** What a place has beside an address. */
export interface EndpointForm {
  /** It has a user and a password. */
  readonly authenticates: boolean;
  /** It has authorities of its own. @default no */
  readonly hasCa?: boolean | undefined;
}

/** The same of the platform's destination. */
export interface DestinationForm extends EndpointForm {
  /** @default there is no second place */
  readonly also?: EndpointForm | undefined;
}

/** The form of what {@link renderDestination} renders. What is not there is left out. */
export function destinationForm({
  also,
  ...first
}: Trusted & { also?: Trusted | undefined }): DestinationForm {
  const form = ({ user, ca }: Trusted): EndpointForm => ({
    authenticates: user !== undefined,
    ...(ca === undefined ? {} : { hasCa: true }),
  });
  return { ...form(first), ...(also === undefined ? {} : { also: form(also) }) };
}

interface Trusted {
  user?: string | undefined;
  /** Of this it matters only whether there is one. */
  ca?: unknown;
}

/** What the components of all environments on the host read of {@link renderDestination}. */
const holder = "profiles_destination";
const label = "platform";
/** Before the names of what is the second place's. */
const second = "also_";

/**
 * Renders where every environment's profiles go. It stands once, as values of a component of its own that the environments'
 * `pyroscope.write` components read. Besides there is one such component for the user's own fragments.
 *
 * A change of it needs a restart: a running `pyroscope.scrape` keeps the client with which it began (1.10 to 1.18).
 * @throws Error when only one of user and passwordFile is given
 */
export function renderDestination(args: DestinationArgs): string {
  const { also } = args;
  return renderAlloy(managedBy(), [
    {
      name: "declare",
      label: holder,
      blocks: [...exportsOf(args, ""), ...(also === undefined ? [] : exportsOf(also, second))],
    },
    { name: holder, label },
    writeProfiles(label, destinationForm(args)),
  ]);
}

function exportsOf({ pyroscopeUrl, tenant, user, passwordFile, ca }: EndpointArgs, before: string): Block[] {
  const account = accountOf(user, passwordFile);
  const exported = (name: string, value: Value): Block => ({
    name: "export",
    label: before + name,
    attributes: { value },
  });
  return [
    exported("url", pyroscopeUrl),
    exported("headers", object(tenant === undefined ? {} : { "X-Scope-OrgID": tenant })),
    ...(account === undefined
      ? []
      : [exported("username", account.username), exported("password_file", account.password_file)]),
    ...(ca === undefined ? [] : [exported("ca", ca)]),
  ];
}

/** A component that sends profiles to the destination, with counters of its own. */
export function writeProfiles(name: string, form: DestinationForm): Block {
  const { also } = form;
  return {
    name: "pyroscope.write",
    label: name,
    blocks: [endpoint(form, ""), ...(also === undefined ? [] : [endpoint(also, second, briefly)])],
  };
}

/**
 * Alloy waits for all places before it asks a service again (1.10.0, write.go and scrape_loop.go): for the second one two tries, 12
 * seconds at most, so that the first one lacks little while that is away. By default it would be minutes.
 */
const briefly = { remote_timeout: "5s", max_backoff_retries: 2 };

function endpoint(
  { authenticates, hasCa = false }: EndpointForm,
  before: string,
  patience: Record<string, Value> = {},
): Block {
  const value = (field: string): Value => reference(`${holder}.${label}.${before}${field}`);
  const credentials = { username: value("username"), password_file: value("password_file") };
  return {
    name: "endpoint",
    attributes: { url: value("url"), headers: value("headers"), ...patience },
    blocks: [
      ...(authenticates ? [{ name: "basic_auth", attributes: credentials }] : []),
      ...(hasCa ? [{ name: "tls_config", attributes: { ca_pem: value("ca") } }] : []),
    ],
  };
}
