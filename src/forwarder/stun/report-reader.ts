import { stunBatch, stunSliceMs } from "../../defaults/index.ts";

/** A source of reports. */
export interface ReportSource {
  /** Hands over up to `max` reports. Returns `false` if there was none. */
  deliver(max: number): boolean;
}

/** Takes reports in slices, one in each turn of the event loop. However fast they come, other work gets its turns. */
export class ReportReader {
  readonly #source: () => ReportSource;
  #isScheduled = false;

  /** @param source called when there is something to read. */
  constructor(source: () => ReportSource) {
    this.#source = source;
  }

  /** Schedules reading, from the next turn on. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#read());
  }

  #read(): void {
    const untilMs = performance.now() + stunSliceMs;
    let hasMore = true;
    this.#isScheduled = false;
    try {
      while (hasMore && performance.now() < untilMs) hasMore = this.#source().deliver(stunBatch);
    } finally {
      // After an exception too, because nothing else would schedule the rest.
      if (hasMore) this.schedule();
    }
  }
}
