import { holds } from "../../config/versions";
import { profileLabels } from "../../render/alloy/profiles";
import { hottestFunction, type FlameGraph, type TimeRange } from "../pyroscope-api";
import { type AlloyState, targetOf } from "./alloy";
import { away, type Chain, farBack } from "./chain";
import { type Endpoint, judgeEndpoint, profileRequest } from "./endpoint";
import type { HostFacts } from "./host-facts";
import type { HostHttp } from "./http";
import {
  graphRequest,
  namesRequest,
  parseGraph,
  parseLabels,
  parseSeries,
  type Pyroscope,
  seriesRequest,
} from "./pyroscope";
import type { KnownPyroscope } from "./pyroscope-facts";
import { judgeSent, wasAway } from "./sent";
import { type Amounts, amountsOfGraph, largeFunctions } from "./shares";
import {
  amountOf,
  counted,
  endpointAmounts,
  judgeFunctions,
  judgeStored,
  lookback,
  recently,
} from "./stored";
import { isLocal, type VerifyTarget } from "./target";
import type { Declared } from "./declared";

/** What was asked once for all services. */
export interface WaysContext {
  target: VerifyTarget;
  facts: HostFacts;
  alloy: AlloyState;
  known: KnownPyroscope;
  /** When, in milliseconds. */
  asked: number;
}

/** What one look at the endpoint of a kind of profile shows. */
interface Look {
  declared: Declared;
  endpoint: Endpoint;
  /** What the functions take there. */
  amounts: Amounts | undefined;
}

/** Follows profiles from their services into Pyroscope. */
export class Ways {
  constructor(
    private readonly http: HostHttp,
    private readonly pyroscope: Pyroscope,
    private readonly context: WaysContext,
  ) {}

  /**
   * All endpoints at once. Where only the shares of functions are in question it looks a second time: what a program does
   * for a moment is no loss.
   */
  async follow(declared: readonly Declared[]): Promise<Chain[]> {
    const looks = await this.look(declared);
    const chains = await this.judge(looks);
    const doubtful = looks.filter((_, i) => chains[i]?.links.functions.state === "broken");
    if (doubtful.length === 0) return chains;
    const second = await this.look(doubtful.map((look) => look.declared));
    const both = second.map((look, i) => ({ ...look, amounts: sum(doubtful[i]?.amounts, look.amounts) }));
    const again = await this.judge(both);
    return chains.map((chain) => again.find(({ service, kind }) => is(chain, service, kind)) ?? chain);
  }

  private async look(declared: readonly Declared[]): Promise<Look[]> {
    const { facts, known, alloy } = this.context;
    const requests = declared.map(({ service, kind }) => profileRequest(service, kind));
    const answers = await this.http.ask(requests);
    const version = "error" in alloy ? undefined : alloy.version;
    const wantsContentType = version !== undefined && holds("wantsContentType", version);
    return answers.flatMap((answer, i) => {
      const one = declared[i];
      if (one === undefined) return [];
      const { service, kind, setting } = one;
      const context = { setting, facts, limits: known.limits, wantsContentType };
      const endpoint = judgeEndpoint(service, kind, answer, context);
      const { decoded } = endpoint;
      const amounts = decoded === undefined ? undefined : endpointAmounts(kind, decoded);
      return [{ declared: one, endpoint, amounts }];
    });
  }

  private async judge(looks: readonly Look[]): Promise<Chain[]> {
    const { known, target } = this.context;
    const { environment } = target.settings;
    const now = Date.now();
    const questions = looks.flatMap(({ declared: { service, kind }, endpoint: { decoded } }) => {
      const labels = this.labelsOf(service.name);
      const { type } = counted(kind, decoded);
      const since = (seconds: number): TimeRange => ({ start: now - seconds * 1000, end: now });
      const names = Object.keys(profileLabels(environment, service));
      return [
        seriesRequest(type, labels, names, since(lookback(service.interval))),
        graphRequest(type, labels, since(recently(service.interval))),
      ];
    });
    const all = namesRequest({ start: now - 300_000, end: now });
    const answers = known.error === undefined ? await this.pyroscope.ask([...questions, all]) : [];
    const found = looks.map((look, i) => ({
      look,
      stored: read(known.error, () => ({
        series: parseSeries(answers[2 * i]),
        graph: parseGraph(answers[2 * i + 1]),
        all: parseLabels(answers.at(-1)),
      })),
    }));
    const last = await this.lastOf(found, now);
    return found.map((one) => this.chain(one, last.get(one.look), now));
  }

  /** By which its profiles are found; of a service on several hosts those of this one. */
  private labelsOf(service: string): Record<string, string> {
    const { environment, hostName } = this.context.target.settings;
    return { service_name: service, environment, ...(hostName === undefined ? {} : { host: hostName }) };
  }

  /** When the last profile of each came, in milliseconds. Further back is asked only for those that have nothing new. */
  private async lastOf(found: readonly Found[], now: number): Promise<Map<Look, number>> {
    const last = new Map(found.flatMap(({ look, stored }) => newest(look, stored.series)));
    const missing = found.filter(({ look, stored }) => stored.error === undefined && !last.has(look));
    const range = { start: now - farBack * 1000, end: now };
    const questions = missing.map(({ look: { declared, endpoint } }) => {
      const labels = this.labelsOf(declared.service.name);
      return seriesRequest(counted(declared.kind, endpoint.decoded).type, labels, [], range, 60);
    });
    const answers = await this.pyroscope.ask(questions);
    const older = missing.flatMap(({ look }, i) => {
      const { series } = read(undefined, () => ({ ...nothing(), series: parseSeries(answers[i]) }));
      return newest(look, series);
    });
    return new Map([...last, ...older]);
  }

  /** An intermittent service that does not run, or has started since Alloy asked it last. */
  private isAway({ declared: { service, kind }, endpoint }: Look): boolean {
    const { target, alloy } = this.context;
    if (service.schedule === "always") return false;
    if (endpoint.listens.state !== "ok") return endpoint.listens.state === "away";
    const { environment } = target.settings;
    return (
      "targets" in alloy && wasAway(targetOf(alloy.targets, { service: service.name, environment, kind }))
    );
  }

  private chain({ look, stored }: Found, last: number | undefined, now: number): Chain {
    const { declared, endpoint, amounts } = look;
    const { target, facts, alloy, asked, known } = this.context;
    const { environment } = target.settings;
    const { service, kind } = declared;
    const labels = profileLabels(environment, service);
    const isServiceAway = this.isAway(look);
    const context = { facts, environment, labels, isServiceAway };
    const lastSeen = last === undefined ? undefined : Math.max(0, (now - last) / 1000);
    const isIdle = amounts?.total === 0;
    const compared = endpoint.profile.state === "ok" ? amounts : undefined;
    const { unit } = counted(kind, endpoint.decoded);
    const kept = amountsOfGraph(stored.graph);
    return {
      service: service.name,
      environment,
      kind,
      links: {
        listens: endpoint.listens,
        profile: endpoint.profile,
        alloy: judgeSent(service, kind, {
          ...context,
          alloy,
          now: asked,
          isPyroscopeAway: known.error !== undefined,
        }),
        pyroscope: judgeStored(service, kind, {
          ...context,
          ...stored,
          isLocal: isLocal(target),
          now,
          loaded: "error" in alloy ? undefined : alloy.loaded,
          lastSeen,
          isIdle,
        }),
        functions: isServiceAway ? away("nothing to compare") : judgeFunctions(compared, kept, unit),
      },
      amount: amountOf(kind, stored.series),
      lastSeen,
      hottest: hottestFunction(stored.graph),
      functions: largeFunctions(amounts).map(([name, share]) => ({
        name,
        endpoint: share,
        stored: (kept.of.get(name) ?? 0) / Math.max(1, kept.total),
      })),
    };
  }
}

function is(chain: Chain, service: string, kind: string): boolean {
  return chain.service === service && chain.kind === kind;
}

/** A look, and what Pyroscope has of it. */
interface Found {
  look: Look;
  stored: Stored;
}

interface Stored {
  error: string | undefined;
  series: ReturnType<typeof parseSeries>;
  graph: FlameGraph;
  all: ReturnType<typeof parseLabels>;
}

function read(error: string | undefined, answers: () => Omit<Stored, "error">): Stored {
  if (error !== undefined) return { error, ...nothing() };
  try {
    return { error, ...answers() };
  } catch (problem) {
    return { error: problem instanceof Error ? problem.message : String(problem), ...nothing() };
  }
}

function nothing(): Omit<Stored, "error"> {
  return { series: [], graph: { names: [], levels: [], total: 0 }, all: [] };
}

/** A look with the time of the last profile of its series, if it has any. */
function newest(look: Look, series: Stored["series"]): [Look, number][] {
  return series.length === 0 ? [] : [[look, Math.max(...series.map(({ last }) => last))]];
}

/** What was seen in two looks. */
function sum(a: Amounts | undefined, b: Amounts | undefined): Amounts | undefined {
  if (a === undefined || b === undefined) return b;
  const of = new Map(a.of);
  for (const [name, amount] of b.of) of.set(name, (of.get(name) ?? 0) + amount);
  return { total: a.total + b.total, of, other: a.other + b.other };
}
