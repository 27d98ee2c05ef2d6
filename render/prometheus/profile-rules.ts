import { type Duration, formatDuration } from "../../config/units";
import { grown, select, type Alert, type Recording } from "./rule";
import {
  declaredProfiles,
  dropped,
  profileRecordings,
  type ProfileRulesArgs,
  refused,
  retries,
  sent,
  shortestMemory,
  silence,
  silent,
  undelivered,
  type WatchedService,
} from "./silent-profiles";

/** The rules about each service's and kind's profiles, by what Alloy counts of the two components that they go through. */
export function profileRules(args: ProfileRulesArgs): (Alert | Recording)[] {
  if (args.services.length === 0) return [];
  return [...profileRecordings(args), ...silences(args), profilesDropped(args), unwatched(args)];
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

/**
 * How many of the profiles that were due a service has sent, for each service and kind of an interval: 1 is all.
 * @param further of which services and kinds, in matchers
 */
export function sentOfDue(
  environment: string,
  owner: string,
  interval: Duration,
  ...further: string[]
): string {
  const window = silence(interval);
  const grew = `increase(${sent}${select({ environment: owner, job: "alloy" })}[${window}s])`;
  const profiles = declaredProfiles(environment, interval, ...further);
  // During a move they go to two places.
  const share = `max by (component_id) (${grew}) / ${window} * on (component_id) group_left (service_name, kind) (${profiles})`;
  // One that has never sent any has no counter yet.
  return `sum by (service_name, kind) (${share}) or sum by (service_name, kind) (${profiles}) * 0`;
}
