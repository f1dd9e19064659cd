import type { Figure, RowResult } from "./row.ts";

/** Measurements of both sides, one per round. */
export interface Rounds {
  readonly control: readonly number[];
  readonly subject: readonly number[];
}

/** Reduces the rounds of a comparison to the figures of a row. */
export function summarise(
  controlName: string,
  { control, subject }: Rounds,
): Pick<RowResult, "subject" | "control" | "ratio" | "rounds"> {
  // Each round's subject follows its control at once, so their quotient is free of the machine's slow drift.
  const ratio = median(subject.map((figure, round) => figure / control[round]!));
  return {
    subject: figureOf(subject),
    control: { name: controlName, ...figureOf(control) },
    ratio: rounded(ratio, 3),
    rounds: subject.length,
  };
}

/** Reduces measurements to a figure. */
export function figureOf(measurements: readonly number[]): Figure {
  return {
    median: rounded(median(measurements), 1),
    range: [rounded(Math.min(...measurements), 1), rounded(Math.max(...measurements), 1)],
  };
}

/** Returns the least measurement that so many percent of all are not above. */
export function percentile(measurements: readonly number[], percent: number): number {
  const sorted = measurements.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
