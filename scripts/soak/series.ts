/** A figure of a process over time, one value per sample. */
export type Series = readonly number[];

/** How much a figure grew between the first and the last quarter of a series, by their medians. */
export function growthOf(series: Series): number {
  const quarter = Math.max(1, series.length >> 2);
  return median(series.slice(-quarter)) - median(series.slice(0, quarter));
}

function median(values: Series): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
