import type { Service } from "../../config/settings";
import type { Duration } from "../../config/units";
import { byText } from "../header";
import { sentOfDue } from "./profile-rules";
import { select } from "./rule";
import { declaredProfiles, silence } from "./silent-profiles";

/** What of a service decides what its profiles cost it. */
export type ProfiledService = Pick<Service, "name" | "profiles" | "interval" | "duration" | "metrics">;

/** The share of the time in which the processor time of services is sampled: an expression for those of one rhythm. */
export function sampledTime(
  environment: string,
  owner: string,
  services: readonly ProfiledService[],
): string[] {
  const rhythms = new Map<string, ProfiledService[]>();
  for (const service of services.filter(({ profiles }) => profiles.includes("cpu"))) {
    const rhythm = `${service.interval} ${service.duration}`;
    rhythms.set(rhythm, [...(rhythms.get(rhythm) ?? []), service]);
  }
  return [...rhythms.values()].map((alike) => {
    const [{ interval, duration }] = alike as [ProfiledService];
    const due = sentOfDue(environment, owner, interval, 'kind="cpu"', named("service_name", alike));
    return `(${due}) * ${duration} / ${interval}`;
  });
}

/** How many bytes of profiles a second a service has handed over, for each service and kind of an interval. */
export function bytesTaken(environment: string, owner: string, interval: Duration): string {
  const alloy = select({ environment: owner, job: "alloy" });
  // During a move they go to two places.
  const each = `max by (component_id) (rate(pyroscope_write_sent_bytes_total${alloy}[${silence(interval)}s]))`;
  const profiles = `(${declaredProfiles(environment, interval)}) ^ 0`;
  return `sum by (service_name, kind) (${each} * on (component_id) group_left (service_name, kind) (${profiles}))`;
}

/** How many processors services keep busy, by the metric that clients of Prometheus have for it; nothing where none has metrics. */
export function processorTime(environment: string, services: readonly ProfiledService[]): string[] {
  const measured = services.filter(({ metrics }) => metrics !== undefined);
  if (measured.length === 0) return [];
  const of = select({ environment }, named("job", measured));
  return [`sum by (job) (rate(process_cpu_seconds_total${of}[$__rate_interval]))`];
}

/** A matcher; of what a name may have, the dot alone is special there. */
function named(label: string, services: readonly ProfiledService[]): string {
  const names = services.map(({ name }) => name.replaceAll(".", "[.]"));
  return `${label}=~${JSON.stringify(names.sort(byText).join("|"))}`;
}
