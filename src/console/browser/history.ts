/** A moment of a chart: its time and what each line had then. */
export interface Moment {
  /** s since the epoch. */
  readonly at: number;
  readonly values: readonly number[];
}

/** Times, and a column for each line; `null` where nothing is known. */
export type Columns = [times: number[], ...lines: (number | null)[][]];

/** The last moments of a chart, no more than fit its window. */
export class History {
  readonly #windowSeconds: number;
  readonly #gapSeconds: number;
  readonly #columns: Columns;

  /** @param gapSeconds over this without a moment the lines are broken, not drawn across. */
  constructor(lines: number, windowSeconds: number, gapSeconds: number) {
    this.#windowSeconds = windowSeconds;
    this.#gapSeconds = gapSeconds;
    this.#columns = [[], ...Array.from({ length: lines }, (): (number | null)[] => [])];
  }

  get columns(): Columns {
    return this.#columns;
  }

  /** Adds a moment and forgets those that have left the window; one that is not later than the last is left out. */
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
