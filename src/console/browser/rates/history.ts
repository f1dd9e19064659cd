/** A point of a chart: its time and the value of each line. */
export interface Moment {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly values: readonly number[];
}

/** Times, and one column of values per line; `null` where a value is unknown. */
export type Columns = [times: number[], ...lines: (number | null)[][]];

/** The points of a chart within its time window. */
export class History {
  readonly #windowSeconds: number;
  readonly #gapSeconds: number;
  readonly #columns: Columns;

  /** @param gapSeconds longest time between points before the lines break. */
  constructor(lines: number, windowSeconds: number, gapSeconds: number) {
    this.#windowSeconds = windowSeconds;
    this.#gapSeconds = gapSeconds;
    this.#columns = [[], ...Array.from({ length: lines }, (): (number | null)[] => [])];
  }

  get columns(): Columns {
    return this.#columns;
  }

  /** Adds a point and removes those that have left the window. Ignores a point that is not later than the last. */
  add({ at, values }: Moment): void {
    const [times] = this.#columns;
    const last = times.at(-1);
    if (last !== undefined && at <= last) return;
    if (last !== undefined && at - last > this.#gapSeconds) this.#push(last + this.#gapSeconds, []);
    this.#push(at, values);
    const first = times.findIndex((time) => time >= at - this.#windowSeconds);
    for (const column of this.#columns) column.splice(0, first);
  }

  #push(at: number, values: readonly number[]): void {
    const [times, ...lines] = this.#columns;
    times.push(at);
    for (const [index, line] of lines.entries()) line.push(values[index] ?? null);
  }
}
