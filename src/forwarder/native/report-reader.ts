import { stunBatch, stunSliceMs } from "../../defaults.ts";
import type { NativeHandle } from "./addon.ts";

/**
 * Takes what the threads report in slices, one in each turn of the event loop: however fast it comes, the others get
 * their turns.
 */
export class ReportReader {
  readonly #handle: () => Pick<NativeHandle, "deliver">;
  #isScheduled = false;

  /** @param handle is asked for when there is something to read. */
  constructor(handle: () => Pick<NativeHandle, "deliver">) {
    this.#handle = handle;
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
      while (hasMore && performance.now() < untilMs) hasMore = this.#handle().deliver(stunBatch);
    } finally {
      // After an exception too: what is left would wake nobody.
      if (hasMore) this.schedule();
    }
  }
}
