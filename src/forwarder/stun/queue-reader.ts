import { stunBatch, stunSliceMs } from "../../defaults/index.ts";

/** A queue to read: the STUN messages of dgram, the upcalls of native. */
export interface ReadableQueue {
  /** Hands over up to `max` of them, in their order. Returns `false` if there was none. */
  deliver(max: number): boolean;
}

/** Reads a queue in slices, one in each turn of the event loop. However fast it fills, other work gets its turns. */
export class QueueReader {
  readonly #queue: () => ReadableQueue;
  #isScheduled = false;

  /** @param queue called when there is something to read. */
  constructor(queue: () => ReadableQueue) {
    this.#queue = queue;
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
      while (hasMore && performance.now() < untilMs) hasMore = this.#queue().deliver(stunBatch);
    } finally {
      // After an exception too, because nothing else would schedule the rest.
      if (hasMore) this.schedule();
    }
  }
}
