import { profiled } from "../../config/service";
import { askAlloy, type AlloyState } from "./alloy";
import { judgeDisk } from "./budget";
import { type Chain, isWhole } from "./chain";
import { type Check, judgeDeclared, judgePyroscope, judgeRetention, judgeVersions } from "./checks";
import { unitOf } from "./endpoint";
import { untilFirstProfiles } from "./first-profiles";
import { checkGrafana } from "./grafana";
import type { Chosen, Declared } from "./declared";
import type { HostFacts } from "./host-facts";
import { judgeProbe } from "./probe-check";
import { probe } from "./probe";
import { askFacts, type KnownPyroscope } from "./pyroscope-facts";
import { checkScraped } from "./scraped";
import type { HostSession } from "./session";
import { isLocal, type VerifyTarget } from "./target";
import type { Pyroscope } from "./pyroscope";
import { checkUnprofiled } from "./unprofiled";
import { Ways } from "./ways";

/** What was found. */
export interface Report {
  /** Whether all of it was seen to be as it should be. */
  ok: boolean;
  environment: string;
  host: string;
  chains: Chain[];
  checks: Check[];
  /** How long it took. */
  seconds: number;
}

/**
 * Follows each declared kind of profile from its service into Pyroscope, and looks at what there is once a host. Changes
 * nothing there beside the probe's few kilobytes.
 * @param names the services to look at; none stands for all
 * @param say is told what is waited for
 * @param elsewhere the Pyroscope of another host, which this one sends to. @default the one that the host asks itself
 * @throws Error where the host cannot be asked, or a name is of no service
 */
export async function verify(
  session: HostSession,
  target: VerifyTarget,
  names: readonly string[],
  say: (text: string) => void,
  elsewhere?: Pyroscope,
): Promise<Report> {
  const start = Date.now();
  const { settings, platform } = target;
  const { environment } = settings;
  const chosen = chosenOf(target, names);
  const declared = declaredOf(chosen);
  const unprofiled = chosen.filter(({ service }) => service.profiles.length === 0);
  const pyroscope = elsewhere ?? session.pyroscope(target);
  const alloyUrl = `http://127.0.0.1:${platform.alloy.httpPort}`;
  const wanted = {
    environment,
    units: [
      ...new Set([...chosen.map(({ service }) => unitOf(service)), "alloy.service", "pyroscope.service"]),
    ],
    packages: ["alloy", ...(isLocal(target) ? ["pyroscope"] : [])],
    directory: isLocal(target) ? "/var/lib/pyroscope" : undefined,
  };
  await untilFirstProfiles({ http: session.http, alloyUrl, environment, declared, say });
  // Before the endpoints are asked: whoever takes a profile now keeps Alloy from it.
  const [facts, alloy, known]: [HostFacts, AlloyState, KnownPyroscope] = await Promise.all([
    session.facts(wanted),
    askAlloy(session.http, alloyUrl),
    askFacts(pyroscope),
  ]);
  const ways = new Ways(session.http, pyroscope, { target, facts, alloy, known, asked: Date.now() });
  const isAway = known.error !== undefined;
  const [chains, others, probed, scraped, datasources] = await Promise.all([
    ways.follow(declared),
    checkUnprofiled(session.http, unprofiled, facts),
    // Of several hosts once: through the others nothing of it would go another way.
    isAway || elsewhere !== undefined
      ? []
      : probe(pyroscope, environment, known.limits, session.receiver(target)),
    checkScraped(target, session.http),
    checkGrafana(target, session.http),
  ]);
  const checks = [
    judgePyroscope(known.error, pyroscope.address.url),
    ...judgeDeclared(facts, environment),
    ...judgeVersions(target, facts, { alloy, pyroscope: known }),
    ...judgeRetention(target, known, Date.now()),
    ...judgeDisk(target, facts),
    ...(elsewhere === undefined ? judgeProbe(probed, known.version) : []),
    ...others,
    ...scraped,
    ...datasources,
  ];
  const isOk = chains.every(isWhole) && checks.every(({ state }) => state !== "broken");
  return {
    ok: isOk,
    environment,
    host: settings.host.address,
    chains,
    checks,
    seconds: (Date.now() - start) / 1000,
  };
}

/** The services to look at, each with its place in the settings. */
function chosenOf(target: VerifyTarget, names: readonly string[]): Chosen[] {
  requireKnown(target, names);
  const { services } = target.settings;
  const all = services.map((service, i) => ({ service, setting: `services[${i}]` }));
  return all.filter(({ service }) => names.length === 0 || names.includes(service.name));
}

/** @throws Error where a name is of no service */
export function requireKnown({ settings: { services } }: VerifyTarget, names: readonly string[]): void {
  const stranger = names.find((name) => !services.some((service) => service.name === name));
  if (stranger === undefined) return;
  const known = services.map(({ name }) => name).join(", ");
  throw new Error(`No service of the stack is called ${stranger}; they are ${known}`);
}

function declaredOf(chosen: readonly Chosen[]): Declared[] {
  return chosen.flatMap(({ service, setting }) =>
    profiled([service]).flatMap((one) => one.profiles.map((kind) => ({ service: one, kind, setting }))),
  );
}
