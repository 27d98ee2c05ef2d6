import { hostPort } from "../../config/ports";
import type { Profiled, ProfileKind } from "../../config/service";
import type { Service } from "../../config/settings";
import { type AlloyState, isOfKind, type ScrapeTarget, targetOf } from "./alloy";
import { away, broken, type Link, ok, unknown } from "./chain";
import { type HostFacts, whyStopped } from "./host-facts";
import { age } from "./words";

/** What is known of Alloy, and what is declared of the service. */
export interface SentContext {
  alloy: AlloyState;
  facts: HostFacts;
  environment: string;
  /** The labels that the profiles are to have. */
  labels: Record<string, string>;
  /** When Alloy was asked, in milliseconds. */
  now: number;
  /** Pyroscope does not answer: then it is no wonder that nothing is sent. */
  isPyroscopeAway: boolean;
  /** An intermittent service that does not run. */
  isServiceAway: boolean;
}

const again =
  "a pulumi up puts its configuration back; with detectDrift a preview shows what was changed by hand";

/** Whether nothing listened when Alloy last asked the service: it names the endpoint. Pyroscope's refusal is another. */
export function wasAway(target: ScrapeTarget | undefined): boolean {
  return /\/debug\/pprof\/.*connection refused/s.test(target?.lastError ?? "");
}

/** Whether Alloy takes a kind of profile of a service and has sent it, by its own word. */
export function judgeSent(service: Profiled<Service>, kind: ProfileKind, context: SentContext): Link {
  const { alloy, facts, environment, labels, now } = context;
  if ("error" in alloy) {
    const stopped = whyStopped(facts, "alloy.service");
    if (stopped !== undefined)
      return broken(`Alloy: ${stopped}`, "see journalctl -u alloy, then systemctl start alloy");
    return broken(`Alloy does not answer: ${alloy.error}`, "see journalctl -u alloy");
  }
  const where = hostPort(service.address, service.port);
  const target = targetOf(alloy.targets, { service: service.name, environment, kind });
  if (target === undefined) {
    const others = alloy.targets.filter((of) => of.labels["__address__"] === where && isOfKind(of, kind));
    const other = others.find(
      ({ labels: of }) => of["service_name"] !== service.name || of["environment"] !== environment,
    );
    if (other !== undefined) {
      const { service_name: name = "none", environment: of = "none" } = other.labels;
      return broken(
        `label lost: Alloy (${other.component}) takes the profiles of ${where} as service_name ${name}, environment ${of}`,
        again,
      );
    }
    const { components, targets } = alloy;
    const isLoading = components.some(
      ({ id }) => id.startsWith("pyroscope.scrape.") && !targets.some(({ component }) => component === id),
    );
    // Alloy takes up the targets of a component some seconds after it has loaded the component, and is ready before.
    if (isLoading)
      return unknown("Alloy has just loaded its configuration, and has not taken up all targets yet");
    return broken(`Alloy has no component that takes ${kind} profiles of ${service.name}`, again);
  }
  const { component, lastError, lastScrape, health } = target;
  const state = alloy.components.find(({ id }) => id === component);
  if (state !== undefined && state.health !== "healthy") {
    return broken(`Alloy says of ${component}: ${state.health}, ${state.message}`, "see journalctl -u alloy");
  }
  if (target.labels["__address__"] !== where) {
    return broken(
      `wrong port: Alloy asks ${target.labels["__address__"] ?? "nothing"} for it, not ${where}`,
      again,
    );
  }
  const lost = Object.entries(labels).filter(([name, value]) => target.labels[name] !== value);
  if (lost.length > 0) {
    return broken(
      `label lost: Alloy's ${component} has no ${lost.map(([name, value]) => `${name}="${value}"`).join(", ")}`,
      again,
    );
  }
  const since = (now - lastScrape) / 1000;
  if (context.isServiceAway)
    return away(lastScrape === 0 ? "has not asked yet" : `asked ${age(since)} ago, and will again`);
  const patience = 2 * service.interval + service.duration + 15;
  // Two profiles at once: the other one was somebody's, as this check's own, and the next is not refused.
  const isBusy = lastError.includes("HTTP status (503)") && since <= patience;
  if (isBusy) return ok(`was busy with another's profile ${age(since)} ago`);
  const isSent = lastError === "" && health === "up" && since <= patience;
  if (!isSent && context.isPyroscopeAway) return unknown("cannot be sent: Pyroscope does not answer");
  if (lastError !== "")
    return broken(`Alloy could not take or send it: ${lastError}`, "see journalctl -u alloy");
  if (lastScrape === 0 || health !== "up") {
    return broken(
      "Alloy has not sent a profile of it yet",
      `wait for its interval, ${age(service.interval)}`,
    );
  }
  if (since > patience) {
    return broken(
      `Alloy has last begun one ${age(since)} ago, at an interval of ${age(service.interval)}`,
      "see journalctl -u alloy",
    );
  }
  return ok(`sent ${age(since)} ago`);
}
