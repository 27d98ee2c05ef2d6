import { type Chain, firstFault, type LinkName, links } from "./chain";
import type { Check } from "./checks";
import type { Report } from "./verify";
import { readableSize } from "../../config/units";
import { age, list } from "./words";

const titles: Record<LinkName, string> = {
  listens: "LISTENS",
  profile: "PROFILE",
  alloy: "ALLOY",
  pyroscope: "PYROSCOPE",
  functions: "FUNCTIONS",
};

/** What was found, for a person: a table of the ways, a list of the rest, and what to do where something is broken. */
export function formatReport({ chains, checks, ok, seconds, environment, host }: Report): string {
  const rows = chains.map((chain) => [
    chain.service,
    chain.kind,
    ...links.map((link) => cell(chain, link)),
    amountOf(chain),
    chain.hottest ?? "-",
  ]);
  const header = [
    "SERVICE",
    "KIND",
    ...links.map((link) => titles[link]),
    "LAST 5 MINUTES",
    "HOTTEST FUNCTION",
  ];
  const facts = checks.map(({ name, state, detail }) => [
    state === "broken" ? "BROKEN" : state,
    name,
    detail,
  ]);
  const problems = problemsOf(chains, checks);
  const told = problems.map(
    ({ where, detail, remedy }) =>
      `- ${where.join(", ")}: ${detail.replace(/\.$/, "")}.\n  What to do: ${remedy.replace(/\.$/, "")}.`,
  );
  const verdict = ok
    ? `${environment} on ${host}: all of it arrives, and is whole${exceptAway(chains, checks)}`
    : `${environment} on ${host}: ${problems.length} broken`;
  return [
    ...(chains.length === 0 ? [] : [table([header, ...rows])]),
    table(facts),
    ...(told.length === 0 ? [] : [told.join("\n")]),
    `${verdict} (${seconds.toFixed(1)} s)`,
  ].join("\n\n");
}

/** Who is away by right, in words. */
function exceptAway(chains: readonly Chain[], checks: readonly Check[]): string {
  const services = chains.filter(({ links }) => links.alloy.state === "away").map(({ service }) => service);
  const others = checks
    .filter(({ state }) => state === "away")
    .map(({ name }) => name.replace(/^service /, ""));
  const all = [...new Set([...services, ...others])];
  return all.length === 0 ? "" : `, but for what is intermittent and away: ${list(all)}`;
}

interface Problem {
  where: string[];
  detail: string;
  remedy: string;
}

/** The first broken step of each way, and each broken check; what is the same is told once. */
export function problemsOf(chains: readonly Chain[], checks: readonly Check[]): Problem[] {
  const all = [
    ...chains.flatMap((chain) => {
      const first = firstFault(chain);
      return first === undefined ? [] : [{ where: `${chain.service} ${chain.kind}`, link: first }];
    }),
    ...checks.flatMap((check) => (check.state === "broken" ? [{ where: check.name, link: check }] : [])),
  ];
  const problems = new Map<string, Problem>();
  for (const { where, link } of all) {
    const { detail, remedy = "" } = link;
    const problem = problems.get(detail) ?? { where: [], detail, remedy };
    if (!problem.where.includes(where)) problem.where.push(where);
    problems.set(detail, problem);
  }
  return [...problems.values()];
}

function cell(chain: Chain, link: LinkName): string {
  const { state, detail } = chain.links[link];
  return state === "ok" ? detail : state === "broken" ? "BROKEN" : state === "away" ? "away" : "?";
}

function amountOf({ kind, amount, lastSeen }: Chain): string {
  if (amount === 0) return lastSeen === undefined ? "nothing yet" : `nothing, last seen ${age(lastSeen)} ago`;
  return kind === "cpu" ? `${amount} samples` : `${readableSize(amount)} at last`;
}

/** Rows of cells, aligned. */
export function table(rows: readonly string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
