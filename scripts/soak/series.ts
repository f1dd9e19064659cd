/** Values of one figure of a process over time, one per sample. */
export type Series = readonly number[];

/** A figure at a relay's start, after its warm-up and at the end. */
export interface Course {
  readonly start: number;
  readonly warm: number;
  readonly end: number;
  /** Growth from `warm` to `end`, as {@link growthOf} computes it. */
  readonly growth: number;
}

/**
 * Returns the course of a figure.
 *
 * @param warm the series from the end of the warm-up on.
 * @param round samples of one round of attacks.
 */
export function courseOf(start: number, warm: Series, round: number): Course {
  return { start, warm: warm[0] ?? start, end: warm.at(-1) ?? start, growth: growthOf(warm, round) };
}

/**
 * Returns the growth from the first to the last round of a series, by their medians. Parts that are no whole rounds hold different
 * attacks, each of which takes what it takes. Of a series that is shorter than two rounds, they are the halves.
 */
export function growthOf(series: Series, round: number): number {
  const length = Math.max(1, Math.min(round, series.length >> 1));
  return median(series.slice(-length)) - median(series.slice(0, length));
}

function median(values: Series): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
