import { parseArgs } from "node:util";
import { type ProfileKind, profileKinds } from "../../config/service";
import type { Service, Settings } from "../../config/settings";
import { type Duration, parseDuration, UnitError } from "../../config/units";

/** What to look at, as it was asked for. */
export interface FlamegraphOptions {
  /** @default the selected one */
  stack: string | undefined;
  /** @default the first service with profiles */
  service: string | undefined;
  /** @default the service's first kind */
  profile: string | undefined;
  /** The time up to now. @default `diff`, else 15 minutes */
  since: Duration;
  /** The time before that, which it is compared with. */
  diff: Duration | undefined;
  /** A label whose two newest values are compared. */
  by: string | undefined;
  /** A file for the profile, instead of a page. */
  output: string | undefined;
}

/** One kind of profile of one service. */
export interface Way {
  service: Service;
  kind: ProfileKind;
}

const fifteenMinutes = parseDuration("15m");

/**
 * Reads `[--stack STACK] [SERVICE] [--profile KIND] [--since TIME] [--diff TIME] [--by LABEL] [--output FILE]`.
 * @throws Error for anything else, and for what excludes each other
 */
export function parseOptions(args: readonly string[]): FlamegraphOptions {
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { stack: text, profile: text, since: text, diff: text, by: text, output: text },
  });
  const [service, ...more] = positionals;
  if (more.length > 0) throw new Error(`One service at a time, not ${positionals.join(" and ")}`);
  const { stack, profile, by, output } = values;
  const diff = duration("--diff", values.diff);
  const since = duration("--since", values.since) ?? diff ?? fifteenMinutes;
  if (by !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(by))
    throw new Error(`--by must be the name of a label, such as service_git_ref, not "${by}"`);
  if (output !== undefined && (diff !== undefined || by !== undefined))
    throw new Error("--output is for one profile: --diff and --by print a table");
  if (output === "") throw new Error("--output must be the name of a file, such as soar-run.pb.gz");
  return { stack, service, profile, since, diff, by, output };
}

function duration(option: string, text: string | undefined): Duration | undefined {
  if (text === undefined) return undefined;
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    throw new Error(`${option} ${error.message}, not "${text}"`, { cause: error });
  }
}

/**
 * The service and the kind of profile that are meant.
 * @throws Error that names those that there are
 */
export function chooseWay(
  { services }: Settings,
  options: Pick<FlamegraphOptions, "service" | "profile">,
): Way {
  const first = services.find(({ profiles }) => profiles.length > 0) ?? services[0];
  const name = options.service ?? first?.name;
  if (name === undefined)
    throw new Error("The stack has no services yet: declare one in its setting services");
  const service = services.find((one) => one.name === name);
  if (service === undefined) {
    const known = services.map((one) => one.name).join(", ");
    throw new Error(`No service of the stack is called ${name}; they are ${known}`);
  }
  if (service.profiles.length === 0)
    throw new Error(`No profiles are declared of ${name}: its setting profiles is empty`);
  const wanted = options.profile ?? service.profiles[0];
  const kind = profileKinds.find((one) => one === wanted && service.profiles.includes(one));
  if (kind === undefined)
    throw new Error(`${name} has no profile ${wanted ?? ""}; it has ${service.profiles.join(" and ")}`);
  return { service, kind };
}
