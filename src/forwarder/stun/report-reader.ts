import { stunBatch, stunSliceMs } from "../../defaults/index.ts";

/** Where reports wait. */
export interface ReportSource {
  /** Hands over up to `max` of them; false if there was none. */
  deliver(max: number): boolean;
}

/**
 * Takes what waits for JavaScript in slices, one in each turn of the event loop: however fast it comes, the others get
 * their turns.
 */
export class ReportReader {
  readonly #source: () => ReportSource;
  #isScheduled = false;

  /** @param source is asked for when there is something to read. */
  constructor(source: () => ReportSource) {
    this.#source = source;
  }

  /** There is something to read; it will be, from the next turn on. */
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
      // After an exception too: what is left would wake nobody.
      if (hasMore) this.schedule();
    }
  }
}
