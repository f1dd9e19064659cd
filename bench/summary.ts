import type { Comparison } from "./rig/compare.ts";
import type { RowResult } from "./row.ts";

/** Reduces the rounds of a comparison to the figures of a row. */
export function summarise({
  control,
  subject,
}: Comparison): Pick<RowResult, "kppsPerCore" | "control" | "ratio" | "rounds" | "range"> {
  // Each round's subject follows its control at once, so their quotient is free of the machine's slow drift.
  const ratio = median(subject.map((figure, round) => figure / control[round]!));
  return {
    kppsPerCore: rounded(median(subject), 1),
    control: rounded(median(control), 1),
    ratio: rounded(ratio, 3),
    rounds: subject.length,
    range: { subject: extremes(subject), control: extremes(control) },
  };
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function extremes(figures: readonly number[]): [number, number] {
  return [rounded(Math.min(...figures), 1), rounded(Math.max(...figures), 1)];
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
