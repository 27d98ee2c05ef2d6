import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProfileKind } from "../../config/service";
import type { FlameGraph } from "../pyroscope-api";
import { kinds, type Limits } from "./contract";
import { largeProbe, type ProbeProfile, smallProbe, threads } from "./probe-profile";
import { graphRequest, parseGraph, type Pyroscope } from "./pyroscope";
import { amountsOfGraph } from "./shares";

/** The service name of the probe's profiles in Pyroscope. */
export const probeService = "soar-profiling-probe";

/** What became of a known profile. */
export interface ProbeResult {
  name: "cpu" | "heap" | "large" | "push";
  kind: ProfileKind;
  /** Uncompressed, in bytes. */
  size: number;
  /** The sum over all samples: samples, or bytes of heap. */
  sent: number;
  stored: number;
  /** The threads of which less has arrived than was sent. */
  lost: string[];
  /** Why it was not taken, in Pyroscope's words. */
  refusal?: string;
}

/** How long what was pushed may take to be answered, in milliseconds. */
const patience = 15_000;

/** Another's push may have used up what Pyroscope takes in a second: so often it is tried, with a second between. */
const attempts = 4;

/**
 * Pushes known profiles as Alloy does, under a service name of their own, and reads them back. Only a few kilobytes of
 * them are stored; a label that no other probe has tells them from those of another run.
 * @param receiver the Alloy that takes what programs push: one more goes there, as they send it, and so without an environment
 */
export async function probe(
  pyroscope: Pyroscope,
  environment: string,
  limits: Limits,
  receiver?: Pyroscope,
): Promise<ProbeResult[]> {
  const run = randomBytes(6).toString("hex");
  const now = Date.now();
  const profiles = {
    cpu: smallProbe("cpu", now),
    heap: smallProbe("heap", now),
    large: largeProbe(limits, now),
    ...(receiver === undefined ? {} : { push: smallProbe("cpu", now) }),
  };
  const all = Object.entries(profiles).map(([name, profile]) => ({
    name: name as ProbeResult["name"],
    profile,
    labels: { service_name: probeService, environment, job: probeService, probe: `${run}-${name}` },
    refusal: undefined as string | undefined,
  }));
  for (let waiting = all, attempt = 1; waiting.length > 0 && attempt <= attempts; attempt++) {
    if (attempt > 1) await sleep(1000);
    const requests = waiting.map(({ name, profile, labels: { environment: of, ...others } }) =>
      pushRequest(profile, name === "push" ? others : { ...others, environment: of }),
    );
    // The one for the receiver is the last.
    const direct = waiting.filter(({ name }) => name !== "push").length;
    const answers = [
      ...(await pyroscope.ask(requests.slice(0, direct))),
      ...((await receiver?.ask(requests.slice(direct))) ?? []),
    ];
    const again = new Set<unknown>();
    for (const [i, push] of waiting.entries()) {
      const answer = answers[i];
      const isTaken = answer?.status === 200;
      push.refusal = isTaken ? undefined : (answer?.error ?? words(answer?.body.toString() ?? ""));
      if (answer?.status === 429) again.add(push);
    }
    waiting = waiting.filter((push) => again.has(push));
  }

  const range = { start: now - 60_000, end: now + 60_000 };
  for (const deadline = Date.now() + patience; ;) {
    const requests = all.map(({ profile, labels }) =>
      graphRequest(kinds[profile.kind].counted, labels, range),
    );
    const answers = await pyroscope.ask(requests);
    const results = all.map(({ name, profile, refusal }, i) => ({
      ...resultOf(name, profile, parseGraph(answers[i])),
      ...(refusal === undefined ? {} : { refusal }),
    }));
    const isWhole = results.every(({ refusal, sent, stored }) => refusal !== undefined || sent === stored);
    if (isWhole || Date.now() > deadline) return results;
    await sleep(500);
  }
}

/** `push.v1.PusherService` takes JSON, with bytes in base64. */
function pushRequest(
  { kind, gzipped }: ProbeProfile,
  labels: Record<string, string>,
): { path: string; body: object } {
  const all = { __name__: kind === "cpu" ? "process_cpu" : "memory", __delta__: "false", ...labels };
  const series = {
    labels: Object.entries(all).map(([name, value]) => ({ name, value })),
    samples: [{ rawProfile: gzipped.toString("base64") }],
  };
  return { path: "/push.v1.PusherService/Push", body: { series: [series] } };
}

/** What was stored of a probe. */
export function resultOf(name: ProbeResult["name"], profile: ProbeProfile, graph: FlameGraph): ProbeResult {
  const { of, total } = amountsOfGraph(graph);
  const lost = threads.filter(
    (thread) => (of.get(thread.function) ?? 0) !== profile.ofThread[thread.function],
  );
  return {
    name,
    kind: profile.kind,
    size: profile.size,
    sent: profile.total,
    stored: total,
    lost: lost.map((thread) => thread.name),
  };
}

/** The message of an error that Pyroscope answers as JSON. */
function words(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body.slice(0, 300);
  }
}
