/** A figure of a process over time, one value per sample. */
export type Series = readonly number[];

/** A figure at a relay's start, when it had warmed up and at the end. */
export interface Course {
  readonly start: number;
  readonly warm: number;
  readonly end: number;
  /** From `warm` to `end`, as {@link growthOf} counts it. */
  readonly growth: number;
}

/** How a figure went on from `start`. @param warm the series from the warm-up's end on. */
export function courseOf(start: number, warm: Series): Course {
  return { start, warm: warm[0] ?? start, end: warm.at(-1) ?? start, growth: growthOf(warm) };
}

/** How much a figure grew between the first and the last quarter of a series, by their medians. */
export function growthOf(series: Series): number {
  const quarter = Math.max(1, series.length >> 2);
  return median(series.slice(-quarter)) - median(series.slice(0, quarter));
}

function median(values: Series): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
