import { readableSize } from "../../config/units";
import { table } from "../verify/report";
import { type Change, compare, selfAmounts } from "./diff";
import type { Way } from "./options";
import type { Side, Sides } from "./sides";

/** Fewer samples than this say little of any function. */
const few = 100;

/** What two sides take, and the functions whose share changed most, for a person. */
export function formatComparison({ service, kind }: Way, environment: string, sides: Sides): string {
  const both = sides.map((side) => ({ ...side, amounts: selfAmounts(side.merged.decoded) }));
  const [before, now] = both as [(typeof both)[number], (typeof both)[number]];
  const { grew, shrank } = compare(
    { amounts: before.amounts, samples: before.merged.samples },
    { amounts: now.amounts, samples: now.merged.samples },
  );
  const rows = kind === "cpu" ? cpuRows : heapRows;
  const totals = rows.map(([name, cell]) => [name, ...both.map((side) => cell(side, side.amounts.total))]);
  const parts = [
    `${service.name} ${kind}, ${environment}: ${now.name} compared with ${before.name}`,
    table([["", "BEFORE", "NOW"], ...totals]),
    changeTable("GREW", grew),
    changeTable("SHRANK", shrank),
    "A share is what a function takes by itself, with the runtime and the allocator that it calls. POINTS is the change in\n" +
      "per cent points; one that is not larger than CHANCE (two standard errors of so many samples) says nothing.",
  ];
  if (both.some(({ merged }) => merged.samples < few))
    parts.push("One side has few samples: look at a longer time, to be surer.");
  return parts.join("\n\n");
}

type Row = readonly [name: string, cell: (side: Side, total: number) => string];

const counts: readonly Row[] = [
  ["samples", ({ merged }) => String(merged.samples)],
  ["profiles", ({ merged }) => String(merged.profiles)],
];

const cpuRows: readonly Row[] = [
  ["CPU time", (_, total) => `${(total / 1e9).toFixed(2)} s`],
  ["CPU time per second", ({ seconds }, total) => `${(total / 1e6 / seconds).toFixed(2)} ms`],
  ...counts,
];

/** Each profile has all that is in use, so that their sum says nothing. */
const heapRows: readonly Row[] = [
  ["in use on average", ({ merged }, total) => readableSize(total / merged.profiles)],
  ...counts,
];

function changeTable(title: string, changes: readonly Change[]): string {
  if (changes.length === 0) return `${title}: no function`;
  const cells = changes.map(({ name, before, now, chance }) => {
    const change = `${now > before ? "+" : "-"}${points(Math.abs(now - before))}`;
    return [`${points(before)} %`, `${points(now)} %`, change, points(chance), name];
  });
  const rows = [["BEFORE", "NOW", "POINTS", "CHANCE", title], ...cells];
  return table(rows.map((row) => row.map((text, column) => (column < 4 ? text.padStart(7) : text))));
}

/** Of 1, in per cent. */
function points(share: number): string {
  return (share * 100).toFixed(1);
}
