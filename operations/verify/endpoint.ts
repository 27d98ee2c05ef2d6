import { hostPort } from "../../config/ports";
import type { Profiled, ProfileKind } from "../../config/service";
import type { Service } from "../../config/settings";
import { away, broken, type Link, ok, unknown } from "./chain";
import { faultOf, kinds, type Limits } from "./contract";
import { type DecodedProfile, decodeProfile, labelCounts, NoProfile } from "./decode";
import { type HostFacts, whyStopped } from "./host-facts";
import type { HttpAnswer, HttpRequest } from "./http";
import { readableSize } from "../../config/units";
import { list, plural } from "./words";

/** The question for a profile, as Alloy asks it. A profiler that is busy is asked again until Alloy's turn is over. */
export function profileRequest(
  { address, port, duration, interval }: Profiled<Service>,
  kind: ProfileKind,
): HttpRequest {
  const { path } = kinds[kind];
  const url = `http://${hostPort(address, port)}${path}`;
  if (kind === "heap") return { url, seconds: 20, busySeconds: 10 };
  // Of a short interval several turns of Alloy: between them there may be little time.
  const busySeconds = Math.max(45, Math.min(interval + duration, 60));
  return { url: `${url}?seconds=${duration}`, seconds: duration + 15, busySeconds };
}

/** What an endpoint answered. */
export interface Endpoint {
  listens: Link;
  profile: Link;
  decoded: DecodedProfile | undefined;
}

/** What is known beside the answer. */
export interface EndpointContext {
  /** The service's place in the settings, such as `services[0]`. */
  setting: string;
  facts: HostFacts;
  limits: Limits;
  /** Whether this Alloy refuses a profile without the right Content-Type. */
  wantsContentType: boolean;
}

/** Judges what an endpoint answered. */
export function judgeEndpoint(
  service: Profiled<Service>,
  kind: ProfileKind,
  answer: HttpAnswer,
  context: EndpointContext,
): Endpoint {
  const listens = judgeListener(service, answer, context);
  if (listens.state === "away") return { listens, profile: listens, decoded: undefined };
  if (answer.isRefused) return { listens, profile: unknown("nothing to ask"), decoded: undefined };
  return { listens, ...judgeProfile(service, kind, answer, context) };
}

/** The unit of a service, as it is declared, or by the service's name where there is such a unit. */
export function unitOf({ name, unit }: Service): string {
  return unit ?? `${name}.service`;
}

function judgeListener(
  service: Profiled<Service>,
  answer: HttpAnswer,
  { facts, setting }: EndpointContext,
): Link {
  const where = hostPort(service.address, service.port);
  const unit = unitOf(service);
  const holder = facts.listeners.find(({ address }) => address === where)?.unit;
  if (!answer.isRefused) {
    if (service.unit === undefined || holder === undefined || holder === unit) return ok(where);
    return broken(
      `${where} is a port of ${holder}, not of ${unit}`,
      `set ${setting}.port and ${setting}.unit to what belongs together`,
    );
  }
  const state = facts.units.get(unit)?.state;
  const runs = state === "active";
  const others = facts.listeners.filter((listener) => listener.unit === unit).map(({ address }) => address);
  const stopped = whyStopped(facts, unit);
  if (service.schedule === "intermittent" && others.length === 0) {
    // A oneshot is `activating` for as long as it runs.
    return away(stopped === undefined || state === "activating" ? `nothing listens at ${where}` : stopped);
  }
  if (stopped !== undefined) {
    return broken(stopped, `start it (systemctl start ${unit}), and see why it ended: journalctl -u ${unit}`);
  }
  if (runs && others.length > 0) {
    return broken(
      `nothing listens at ${where}: ${unit} runs, and listens at ${list(others)}`,
      `set ${setting}.port to the port that serves ${kinds.cpu.path}`,
    );
  }
  return broken(
    `nothing listens at ${where}${runs ? `, although ${unit} runs` : ""}`,
    runs
      ? `let ${unit} serve its profiles there, and see its log: journalctl -u ${unit}`
      : `start ${service.name}, or correct ${setting}.port`,
  );
}

function judgeProfile(
  service: Service,
  kind: ProfileKind,
  answer: HttpAnswer,
  { setting, limits, wantsContentType }: EndpointContext,
): Omit<Endpoint, "listens"> {
  const { path } = kinds[kind];
  const no = (problem: string, remedy: string): Omit<Endpoint, "listens"> => ({
    profile: broken(problem, remedy),
    decoded: undefined,
  });
  if (answer.status === 0) {
    const what = answer.isTooLate
      ? `says nothing within ${Math.round(answer.took)} s`
      : `gives no answer: ${answer.error ?? ""}`;
    if (service.schedule === "intermittent" && !answer.isTooLate)
      return { profile: unknown(`${path} ${what}; it may just have ended`), decoded: undefined };
    return no(`${path} ${what}`, `see what keeps ${service.name} from answering`);
  }
  if (answer.status === 503) {
    return no(
      `${path} was busy each time it was asked (503): another takes profiles of ${service.name} all the time`,
      `let nothing but Alloy take its profiles, or make ${setting}.interval longer`,
    );
  }
  if (answer.status === 404) {
    return no(
      `${path} is not there (404)`,
      `set ${setting}.port to the port that serves it, or take ${kind} out of ${setting}.profiles`,
    );
  }
  if (answer.status < 200 || answer.status > 299) {
    const text = answer.body.toString("utf8", 0, 200).trim();
    return no(`${path} answers with status ${answer.status}: ${text}`, `see the log of ${service.name}`);
  }
  try {
    const decoded = decodeProfile(answer.body);
    const fault = faultOf(decoded, kind, { limits, setting });
    if (fault !== undefined) return { profile: broken(fault.problem, fault.remedy), decoded };
    if (wantsContentType && !/^application\/octet-stream\b/.test(answer.contentType)) {
      const came = answer.contentType === "" ? "no Content-Type" : `Content-Type ${answer.contentType}`;
      const problem = `${path} answers with ${came}, and Alloy from 1.11 on takes application/octet-stream only`;
      return { profile: broken(problem, "let the service set that header"), decoded };
    }
    if (kind === "cpu" && answer.took < service.duration - 1) {
      const took = `measures ${answer.took.toFixed(1)} s where ${service.duration} s are asked for`;
      const remedy = `let ${service.name} obey ?seconds=, or set ${setting}.duration to what it measures`;
      return { profile: broken(`${path} ${took}`, remedy), decoded };
    }
    return { profile: ok(describe(decoded, kind)), decoded };
  } catch (error) {
    if (!(error instanceof NoProfile)) throw error;
    return no(
      `${path} answers ${error.message}, which is no profile in the pprof format`,
      `let ${service.name} serve it as pprof protobuf: pictures and pages are for people`,
    );
  }
}

function describe(decoded: DecodedProfile, kind: ProfileKind): string {
  const values = decoded.samples.reduce((sum, { values: [first = 0] }) => sum + first, 0);
  const labels = Object.entries(labelCounts(decoded)).map(([key, n]) => plural(n, key));
  return [kind === "cpu" ? plural(values, "sample") : readableSize(values), ...labels].join(", ");
}
