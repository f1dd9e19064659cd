import { nameOf } from "../../test/integration/peer/path/matrix.ts";
import type { Figures, Spread } from "./figures.ts";

/** Short names of the sites that have columns. */
const columns: readonly (readonly [site: string, head: string])[] = [
  ["open", "open"],
  ["full-cone", "cone"],
  ["address-dependent", "address"],
  ["port-dependent", "port"],
  ["symmetric", "symm"],
  ["double", "double"],
  ["firewall-v4", "fw"],
  ["relay-only", "relay"],
  ["sequential", "seq"],
  ["reject", "reject"],
  ["unfiltered", "unfilt"],
];
const rowWidth = 19;
const width = 13;

/** Returns a table of the cells by alice's and bob's sites, and a line for each other cell. */
export function tableOf(all: readonly Figures[]): string {
  const sites = columns.map(([site]) => site);
  const isIn = ({ cell }: Figures): boolean => sites.includes(cell.alice) && sites.includes(cell.bob);
  const inside = all.filter(isIn);
  const rows = sites.filter((site) => inside.some(({ cell }) => cell.alice === site));
  const find = (alice: string, bob: string): Figures | undefined =>
    inside.find(({ cell }) => cell.alice === alice && cell.bob === bob);
  const lines = rows.map((alice) =>
    line(
      alice,
      sites.map((bob) => textOf(find(alice, bob))),
    ),
  );
  const others = all.filter((figures) => !isIn(figures));
  return [
    ...(rows.length > 0
      ? [
          line(
            "",
            columns.map(([, head]) => head),
          ),
          ...lines,
        ]
      : []),
    ...others.map((figures) => `${nameOf(figures.cell)}: ${textOf(figures)}`),
    "",
  ].join("\n");
}

/** Returns median and p95 of some times. */
export function timesOf(spread: Spread | undefined): string {
  return spread ? `${spread.median}/${spread.p95}` : "-";
}

/** How long a direct path took, with the share of runs if it was not all; else the reason. */
function textOf(figures: Figures | undefined): string {
  if (!figures) return "";
  const { outcomes, runs, afterMs } = figures;
  const direct = outcomes.find(([outcome]) => outcome === "direct")?.[1] ?? 0;
  if (direct === runs) return timesOf(afterMs);
  if (direct > 0) return `${Math.round((100 * direct) / runs)}% ${timesOf(afterMs)}`;
  return outcomes[0]![0].replace(/^(checks|nat|udp)-/, "");
}

function line(name: string, cells: readonly string[]): string {
  return `${name.padEnd(rowWidth)}${cells.map((cell) => cell.padEnd(width)).join("")}`.trimEnd();
}
