import { type CellRun, faultsOf } from "../../test/integration/peer/path/cell-run.ts";
import { type Cell, nameOf } from "../../test/integration/peer/path/matrix.ts";

/** Time after a connection by the relay in which a direct path must be in use, in ms. */
export const mostMs = 3000;

/** What all runs of a cell have shown. */
export interface Figures {
  readonly cell: Cell;
  readonly runs: number;
  /** How many runs had each outcome, the most frequent first. */
  readonly outcomes: readonly (readonly [outcome: string, runs: number])[];
  /** Of those that went direct, how long that took. */
  readonly afterMs: Spread | undefined;
  /** What was wrong, each thing once. */
  readonly faults: readonly string[];
}

/** The middle and the worst of some times, in ms. */
export interface Spread {
  readonly median: number;
  readonly p95: number;
}

export function figuresOf(cell: Cell, runs: readonly CellRun[]): Figures {
  const counts = Map.groupBy(runs, ({ outcome }) => outcome);
  const outcomes = Array.from(counts, ([outcome, some]) => [outcome, some.length] as const);
  return {
    cell,
    runs: runs.length,
    outcomes: outcomes.sort(([, a], [, b]) => b - a),
    afterMs: spreadOf(runs.flatMap(({ afterMs }) => afterMs ?? [])),
    faults: [...new Set(runs.flatMap((run) => allFaultsOf(cell, run)))],
  };
}

export function spreadOf(times: readonly number[]): Spread | undefined {
  if (times.length === 0) return undefined;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { median: at(0.5), p95: at(0.95) };
}

function allFaultsOf(cell: Cell, run: CellRun): string[] {
  const { afterMs = 0, refusals } = run;
  const reason = refusals.join(", ") || "no reason";
  const late = afterMs > mostMs ? [`direct after ${afterMs} ms, not ${mostMs} (${reason})`] : [];
  return [...faultsOf(cell, run), ...late].map((what) => `${nameOf(cell)}: ${what}`);
}
