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

/** Returns the course of a figure. @param warm the series from the end of the warm-up on. */
export function courseOf(start: number, warm: Series): Course {
  return { start, warm: warm[0] ?? start, end: warm.at(-1) ?? start, growth: growthOf(warm) };
}

/** Returns the growth from the first to the last quarter of a series, by their medians. */
export function growthOf(series: Series): number {
  const quarter = Math.max(1, series.length >> 2);
  return median(series.slice(-quarter)) - median(series.slice(0, quarter));
}

function median(values: Series): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
