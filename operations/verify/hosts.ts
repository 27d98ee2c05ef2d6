import { mainHost, settingsByHost } from "../../config/placed";
import { formatReport } from "./report";
import { HostSession } from "./session";
import { Pyroscope } from "./pyroscope";
import { pyroscopeAddress, type VerifyTarget } from "./target";
import { list } from "./words";
import { type Report, requireKnown, verify } from "./verify";

/** What was found on several hosts, by their names. */
export interface HostsReport {
  /** Whether all of it was seen to be as it should be. */
  ok: boolean;
  environment: string;
  hosts: Record<string, Report | Unasked>;
}

/** A host that could not be asked. */
export interface Unasked {
  ok: false;
  host: string;
  error: string;
}

/**
 * Looks at each host of a stack that has several, all at once: one that cannot be asked keeps no other from it. What the hosts send
 * to the one that stores is asked for there: their own account may send and nothing else.
 * @param names the services to look at, each where it runs; none stands for all
 * @param say is told what is waited for
 * @throws Error where a name is of no service
 */
export async function verifyHosts(
  target: VerifyTarget,
  names: readonly string[],
  say: (text: string) => void,
): Promise<HostsReport> {
  const { settings } = target;
  requireKnown(target, names);
  const main = mainHost(settings.hosts)?.name;
  const targets = settingsByHost(settings).flatMap((own): [string, VerifyTarget][] => {
    const isAsked = names.length === 0 || own.services.some(({ name }) => names.includes(name));
    const { hostName = "" } = own;
    const platform = target.platforms?.[hostName] ?? target.platform;
    return isAsked ? [[hostName, { ...target, settings: own, whole: settings, platform }]] : [];
  });
  const open = async (one: VerifyTarget): Promise<HostSession | string> =>
    HostSession.open(one).catch((error: unknown) => reasonOf(error));
  const opened = await Promise.all(targets.map(([, one]) => open(one)));
  const ofMain = targets.findIndex(([name]) => name === main);
  const storing = ofMain < 0 ? await open(target) : opened[ofMain];
  try {
    const store = storeOf(target, storing);
    const reports = await Promise.all(
      targets.map(async ([name, one], i): Promise<[string, Report | Unasked]> => {
        const session = opened[i];
        if (target.platforms?.[name] === undefined)
          return [name, unasked(one, "it is not set up yet: pulumi up")];
        if (!(session instanceof HostSession)) return [name, unasked(one, session ?? "no answer")];
        const own = names.filter((service) => one.settings.services.some((of) => of.name === service));
        const elsewhere = name !== main && settings.pyroscope.kind === "local" ? store : undefined;
        const report = verify(
          session,
          one,
          own,
          (text) => {
            say(`${name}: ${text}`);
          },
          elsewhere,
        );
        return [name, await report.catch((error: unknown) => unasked(one, reasonOf(error)))];
      }),
    );
    const ok = reports.every(([, report]) => report.ok);
    return { ok, environment: settings.environment, hosts: Object.fromEntries(reports) };
  } finally {
    for (const session of [...opened, storing]) if (session instanceof HostSession) session.end();
  }
}

/** The Pyroscope of the host that stores, asked from there; where that is away, it has no answer, and why. */
function storeOf(target: VerifyTarget, session: HostSession | string | undefined): Pyroscope {
  if (session instanceof HostSession) return session.pyroscope(target);
  const error = `the host that stores cannot be asked: ${session ?? "no answer"}`;
  const nothing = {
    status: 0,
    contentType: "",
    took: 0,
    body: Buffer.alloc(0),
    isRefused: false,
    isTooLate: false,
  };
  const http = { ask: (all: readonly unknown[]) => Promise.resolve(all.map(() => ({ ...nothing, error }))) };
  return new Pyroscope(http, pyroscopeAddress(target));
}

/** The same for a person: host by host, and at the end which of them have something broken. */
export function formatHostsReport({ ok, environment, hosts }: HostsReport): string {
  const all = Object.entries(hosts);
  const parts = all.map(([name, report]) =>
    "error" in report
      ? `== ${name} ==\n\n- It cannot be asked: ${report.error}`
      : `== ${name} ==\n\n${formatReport(report)}`,
  );
  const broken = all.filter(([, report]) => !report.ok).map(([name]) => name);
  const verdict = ok
    ? `${environment} on ${all.length} hosts: all of it arrives, and is whole`
    : `${environment} on ${all.length} hosts: broken on ${list(broken)}`;
  return [...parts, verdict].join("\n\n");
}

function unasked({ settings }: VerifyTarget, error: string): Unasked {
  return { ok: false, host: settings.host.address, error };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
