import type { Schedule } from "../../config/service";
import type { Service } from "../../config/settings";
import type { Duration } from "../../config/units";
import { refusals } from "../alloy/platform";
import { profileLabel } from "../alloy/label";
import { byText } from "../header";
import { grown, select, type Recording } from "./rule";

/** What of a service decides how its profiles are watched. */
export type WatchedService = Pick<Service, "name" | "profiles" | "interval" | "schedule">;

export interface ProfileRulesArgs {
  readonly environment: string;
  /** The environment that owns the platform, a label of Alloy's metrics. */
  readonly owner: string;
  /** Those that serve profiles. */
  readonly services: readonly WatchedService[];
}

/** How a service sends: services of one rhythm are looked at together. */
interface Rhythm {
  readonly interval: Duration;
  readonly schedule: Schedule;
}

/** Whatever a service's interval is: Prometheus asks Alloy every 15 seconds, and a growth takes several answers. */
const shortestWindow = 60;

/** How far back at least something that was tried in vain is remembered: Alloy waits up to 5 minutes before it tries again. */
export const shortestMemory = 600;

/** What we record, each with an interval in seconds as value: of every service and kind that is declared, */
const declared = "profiling:interval_seconds";
/** of those that have sent nothing for three of their intervals and were not away by right, */
export const silent = "profiling:silent_interval_seconds";
/** of the silent ones that refuse to be asked, with the reason, */
export const refused = "profiling:refused_interval_seconds";
/** and of the silent ones whose profiles Pyroscope does not take. */
export const undelivered = "profiling:undelivered_interval_seconds";

export const sent = "pyroscope_write_sent_profiles_total";
export const dropped = "pyroscope_write_dropped_profiles_total";
export const retries = "pyroscope_write_retries_total";

/** The reason of a refusal that means that nothing listens: the service does not run. */
const away = "connection refused";

/** The intervals of services, the shortest first. */
export function intervals(services: readonly Pick<Service, "interval">[]): Duration[] {
  return [...new Set(services.map(({ interval }) => interval))].sort((a, b) => a - b);
}

function rhythms(services: readonly WatchedService[]): Rhythm[] {
  return (["always", "intermittent"] as const).flatMap((schedule) =>
    intervals(services.filter((service) => service.schedule === schedule)).map((interval) => ({
      interval,
      schedule,
    })),
  );
}

/** How long a service may send nothing: three of its intervals. */
export function silence(interval: Duration): Duration {
  return Math.max(shortestWindow, 3 * interval) as Duration;
}

/** The declared profiles of an environment: a series each, with the names that its alerts have. */
export function declaredProfiles(environment: string, interval?: Duration, ...further: string[]): string {
  const all = `${declared}${select({ environment }, ...further)}`;
  return interval === undefined ? all : `${all} == ${interval}`;
}

/** What is recorded for the alerts: what is declared, who is silent, and why, as far as Alloy counts it. */
export function profileRecordings(args: ProfileRulesArgs): Recording[] {
  return [...declarations(args), ...findings(args)];
}

function declarations({ environment, services }: ProfileRulesArgs): Recording[] {
  const sorted = [...services].sort((a, b) => byText(a.name, b.name));
  return sorted.flatMap(({ name, profiles, interval, schedule }) =>
    [...profiles].sort(byText).map((kind) => {
      const component_id = `pyroscope.write.${profileLabel(environment, kind, name)}`;
      const labels = { environment, service_name: name, kind, component_id, ...scheduleLabel(schedule) };
      return { record: declared, expr: `vector(${interval})`, labels };
    }),
  );
}

/** On what is recorded of a service that is not there always. */
function scheduleLabel(schedule: Schedule): Record<string, string> {
  return schedule === "always" ? {} : { schedule };
}

/** Of a metric that we record, what is of services with a rhythm. */
function ofRhythm(metric: string, environment: string, { interval, schedule }: Rhythm): string {
  return `${metric}${select({ environment, schedule: "", ...scheduleLabel(schedule) })} == ${interval}`;
}

function findings({ environment, owner, services }: ProfileRulesArgs): Recording[] {
  const labels = { environment };
  const alloy = { environment: owner, job: "alloy" };
  const all = (of: (rhythm: Rhythm) => string): string => rhythms(services).map(of).join(" or ");
  const isSilent = (rhythm: Rhythm): string => ofRhythm(silent, environment, rhythm);
  return [
    {
      record: silent,
      expr: all((rhythm) => silentFor(environment, owner, rhythm)),
    },
    {
      record: refused,
      expr: all((rhythm) => {
        const refusing = refusedBy(select(alloy), memory(rhythm));
        const reasons = `sum by (component_id, reason) (${refusing}) ^ 0`;
        return `${reasons} * on (component_id) group_left (service_name, kind) (${isSilent(rhythm)})`;
      }),
      labels,
    },
    {
      record: undelivered,
      expr: all((rhythm) => {
        const tried = [retries, dropped]
          .map((metric) => grown(metric, select(alloy), memory(rhythm)))
          .join(" or ");
        const others = `${refused}${select(labels)}`;
        return `${isSilent(rhythm)} and on (component_id) (${tried}) unless on (component_id) ${others}`;
      }),
    },
  ];
}

/** How far back something that was tried in vain tells why nothing arrives. Before an intermittent service came, it was away. */
function memory({ interval, schedule }: Rhythm): string {
  const window = silence(interval);
  return `${schedule === "always" ? Math.max(shortestMemory, window) : window}s`;
}

/** The refusals of a time, by the component that would have sent the profile. */
function refusedBy(of: string, window: string): string {
  const asked = `"component_id", "pyroscope.write.$1", "scrape", "pyroscope[.]scrape[.](.+)"`;
  return `label_replace(${grown(refusals, of, window)}, ${asked})`;
}

function silentFor(environment: string, owner: string, rhythm: Rhythm): string {
  const window = silence(rhythm.interval);
  const ofAlloy = { environment: owner, job: "alloy" };
  const alloy = select(ofAlloy);
  return [
    ofRhythm(declared, environment, rhythm),
    // For as long: neither a service that has just been declared nor one of an Alloy that has just started is silent.
    `and on (component_id) ${declaredProfiles(environment)} offset ${window}s`,
    `and on () up${alloy} == 1`,
    `and on () time() - process_start_time_seconds${alloy} > ${window}`,
    `unless on (component_id) (${grown(sent, alloy, `${window}s`)})`,
    // One that may be away is silent only where it was there for as long: nothing has refused a connection.
    ...(rhythm.schedule === "always"
      ? []
      : [`unless on (component_id) ${refusedBy(select({ ...ofAlloy, reason: away }), `${window}s`)}`]),
  ].join(" ");
}
