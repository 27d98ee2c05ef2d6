import type { Service } from "../../config/settings";
import { type Duration, formatDuration } from "../../config/units";
import { refusals } from "../alloy/platform";
import { profileLabel } from "../alloy/label";
import { byText } from "../header";
import { grown, select, type Alert, type Recording } from "./rule";

/** What of a service decides how its profiles are watched. */
export type WatchedService = Pick<Service, "name" | "profiles" | "interval">;

export interface ProfileRulesArgs {
  readonly environment: string;
  /** The environment that owns the platform, a label of Alloy's metrics. */
  readonly owner: string;
  readonly services: readonly WatchedService[];
}

/** Whatever a service's interval is: Prometheus asks Alloy every 15 seconds, and a growth takes several answers. */
const shortestWindow = 60;

/** How far back something that was tried in vain tells why nothing arrives: Alloy waits up to 5 minutes before it tries again. */
const shortestMemory = 600;

/** What we record, each with an interval in seconds as value: of every service and kind that is declared, */
const declared = "profiling:interval_seconds";
/** of those that have sent nothing for three of their intervals, */
const silent = "profiling:silent_interval_seconds";
/** of the silent ones that refuse to be asked, with the reason, */
const refused = "profiling:refused_interval_seconds";
/** and of the silent ones whose profiles Pyroscope does not take. */
const undelivered = "profiling:undelivered_interval_seconds";

const sent = "pyroscope_write_sent_profiles_total";
const dropped = "pyroscope_write_dropped_profiles_total";
const retries = "pyroscope_write_retries_total";

/** The intervals of the services, the shortest first. */
export function intervals(services: readonly Pick<Service, "interval">[]): Duration[] {
  return [...new Set(services.map(({ interval }) => interval))].sort((a, b) => a - b);
}

/** How long a service may send nothing: three of its intervals. */
export function silence(interval: Duration): Duration {
  return Math.max(shortestWindow, 3 * interval) as Duration;
}

/** The declared profiles of an environment: a series each, with the names that its alerts have. */
export function declaredProfiles(environment: string, interval?: Duration): string {
  const all = `${declared}${select({ environment })}`;
  return interval === undefined ? all : `${all} == ${interval}`;
}

/** The rules about each service's and kind's profiles, by what Alloy counts of the two components that they go through. */
export function profileRules(args: ProfileRulesArgs): (Alert | Recording)[] {
  if (args.services.length === 0) return [];
  return [
    ...declarations(args),
    ...findings(args),
    ...silences(args),
    profilesDropped(args),
    unwatched(args),
  ];
}

function declarations({ environment, services }: ProfileRulesArgs): Recording[] {
  const sorted = [...services].sort((a, b) => byText(a.name, b.name));
  return sorted.flatMap(({ name, profiles, interval }) =>
    [...profiles].sort(byText).map((kind) => {
      const component_id = `pyroscope.write.${profileLabel(environment, kind, name)}`;
      const labels = { environment, service_name: name, kind, component_id };
      return { record: declared, expr: `vector(${interval})`, labels };
    }),
  );
}

/** Who is silent, and why, as far as Alloy counts it. */
function findings({ environment, owner, services }: ProfileRulesArgs): Recording[] {
  const labels = { environment };
  const alloy = select({ environment: owner, job: "alloy" });
  const all = (of: (interval: Duration) => string): string => intervals(services).map(of).join(" or ");
  const isSilent = (interval: Duration): string => `${silent}${select(labels)} == ${interval}`;
  const memory = (interval: Duration): string => `${Math.max(shortestMemory, silence(interval))}s`;
  return [
    {
      record: silent,
      expr: all((interval) => silentFor(environment, alloy, interval)),
    },
    {
      record: refused,
      expr: all((interval) => {
        const refusing = grown(refusals, alloy, memory(interval));
        const asked = `"component_id", "pyroscope.write.$1", "scrape", "pyroscope[.]scrape[.](.+)"`;
        const reasons = `sum by (component_id, reason) (label_replace(${refusing}, ${asked})) ^ 0`;
        return `${reasons} * on (component_id) group_left (service_name, kind) (${isSilent(interval)})`;
      }),
      labels,
    },
    {
      record: undelivered,
      expr: all((interval) => {
        const tried = [retries, dropped].map((metric) => grown(metric, alloy, memory(interval))).join(" or ");
        const others = `${refused}${select(labels)}`;
        return `${isSilent(interval)} and on (component_id) (${tried}) unless on (component_id) ${others}`;
      }),
    },
  ];
}

function silentFor(environment: string, alloy: string, interval: Duration): string {
  const window = silence(interval);
  return [
    declaredProfiles(environment, interval),
    // For as long: neither a service that has just been declared nor one of an Alloy that has just started is silent.
    `and on (component_id) ${declaredProfiles(environment)} offset ${window}s`,
    `and on () up${alloy} == 1`,
    `and on () time() - process_start_time_seconds${alloy} > ${window}`,
    `unless on (component_id) (${grown(sent, alloy, `${window}s`)})`,
  ].join(" ");
}

/** Exactly one of them fires for each service and kind that is silent, by the nearest cause. */
function silences({ environment, owner, services }: ProfileRulesArgs): Alert[] {
  const here = select({ environment });
  const isAlone = services.reduce((sum, { profiles }) => sum + profiles.length, 0) === 1;
  // If nothing of anybody is delivered, one alert about Alloy says so.
  const others = ` and on () ${delivering(owner, services)}`;
  const what = `{{ $labels.kind }} profile of {{ $labels.service_name }} (${environment})`;
  const since = "None for three intervals of {{ $value | humanizeDuration }}";
  const common = { for: "1m", severity: "critical" } as const;
  return [
    {
      alert: "ProfilesRefused",
      expr: `${refused}${here}`,
      ...common,
      summary: `No ${what}: {{ $labels.reason }}`,
      description: `${since}. The service does not run, or does not answer with a profile. ${told}`,
    },
    {
      alert: "ProfilesNotDelivered",
      expr: `${undelivered}${here}${isAlone ? "" : others}`,
      ...common,
      summary: `No ${what} arrives`,
      description: `${since}: the service answers, and Pyroscope does not take it. ${told}`,
    },
    {
      alert: "ProfilesMissing",
      expr: `${silent}${here} unless on (component_id) ${refused}${here} unless on (component_id) ${undelivered}${here}`,
      ...common,
      summary: `No ${what}`,
      description:
        `${since}, and Alloy counts neither a refusal of the service nor one of Pyroscope: it does not ask, or waits for the ` +
        `answer. ${told}`,
    },
  ];
}

/** Of how many components Alloy has delivered profiles of late, of any environment; nothing where it is none. */
function delivering(owner: string, services: readonly WatchedService[]): string {
  const alloy = select({ environment: owner, job: "alloy" });
  return `count(${grown(sent, alloy, `${deliveryWindow(services)}s`)})`;
}

function deliveryWindow(services: readonly WatchedService[]): Duration {
  return Math.max(shortestMemory, ...services.map(({ interval }) => silence(interval))) as Duration;
}

const told =
  "`npm run verify -- {{ $labels.service_name }}` names the broken link, and `journalctl -u alloy` has Alloy's own words.";

function profilesDropped({ environment, owner }: ProfileRulesArgs): Alert {
  const alloy = select({ environment: owner, job: "alloy" });
  return {
    alert: "ProfilesDropped",
    expr: `sum by (component_id, endpoint) (${grown(dropped, alloy)}) * on (component_id) group_left (service_name, kind) ${declaredProfiles(environment)} ^ 0`,
    severity: "warning",
    summary: `Alloy drops {{ $labels.kind }} profiles of {{ $labels.service_name }} (${environment})`,
    description:
      "{{ $value | humanize }} in 15 minutes could not be delivered to {{ $labels.endpoint }}, after all retries; they are lost.",
  };
}

function unwatched({ environment, owner }: ProfileRulesArgs): Alert {
  return {
    alert: "ProfilesUnwatched",
    expr: `absent(up${select({ environment: owner, job: "alloy" })})`,
    for: "5m",
    severity: "warning",
    summary: `Nobody watches the profiles of ${environment}`,
    description: `Prometheus has no target alloy of ${owner}, so that no silent service is noticed: set prometheus in the stack of ${owner}.`,
  };
}

/** What of any environment, or of the user's own components, is lost or not delivered: for the owner of the platform. */
export function deliveryRules(environment: string, services: readonly WatchedService[]): Alert[] {
  const ofAlloy = { environment, job: "alloy" };
  const alloy = select(ofAlloy);
  const others = select(ofAlloy, 'component_id!~"pyroscope[.]write[.].+_(CPU|HEAP)_.+"');
  const longest = deliveryWindow(services);
  const tried = [retries, dropped].map((metric) => grown(metric, alloy, `${longest}s`)).join(" or ");
  return [
    {
      alert: "AlloyDeliversNothing",
      expr: `count(${tried}) unless on () ${delivering(environment, services)}`,
      for: "1m",
      severity: "critical",
      summary: "Pyroscope takes no profiles from Alloy",
      description: `Not one for ${formatDuration(longest)}, of any service: does Pyroscope answer? \`npm run verify\` tells.`,
    },
    {
      alert: "AlloyDropsProfiles",
      expr: `sum by (component_id, endpoint) (${grown(dropped, others)}) > 0`,
      severity: "warning",
      summary: "Alloy drops profiles of {{ $labels.component_id }}",
      description:
        "{{ $value | humanize }} in 15 minutes could not be delivered to {{ $labels.endpoint }}, after all retries; they are lost.",
    },
  ];
}

/** How many of the profiles that were due a service has sent, for each service and kind of an interval: 1 is all. */
export function sentOfDue(environment: string, owner: string, interval: Duration): string {
  const window = silence(interval);
  const grew = `increase(${sent}${select({ environment: owner, job: "alloy" })}[${window}s])`;
  const profiles = declaredProfiles(environment, interval);
  const share = `${grew} / ${window} * on (component_id) group_left (service_name, kind) (${profiles})`;
  // One that has never sent any has no counter yet.
  return `sum by (service_name, kind) (${share}) or sum by (service_name, kind) (${profiles}) * 0`;
}
