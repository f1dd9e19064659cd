import { minBytesPerSecond, stallTimeoutMs } from "../../defaults/index.ts";

/**
 * Patience with a peer: `defaults.stallTimeoutMs`, which runs out while something is awaited from it. Each byte buys back the
 * time that it takes at `defaults.minBytesPerSecond`. Time in which nothing is awaited costs nothing.
 */
export class Pace {
  #leftMs = stallTimeoutMs;
  /** Start of the current wait; `undefined` while there is none. */
  #sinceMs: number | undefined;

  /** Starts a wait for the peer. */
  start(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** Ends the wait. */
  stop(nowMs: number): void {
    this.#leftMs = this.leftMs(nowMs);
    this.#sinceMs = undefined;
  }

  /** Ends the wait; the peer did all that was awaited of it. */
  rest(): void {
    this.#leftMs = stallTimeoutMs;
    this.#sinceMs = undefined;
  }

  /** Counts bytes that came from the peer or went to it. */
  move(bytes: number, nowMs: number): void {
    this.#leftMs = Math.min(stallTimeoutMs, this.leftMs(nowMs) + (bytes / minBytesPerSecond) * 1000);
    if (this.#sinceMs !== undefined) this.#sinceMs = nowMs;
  }

  /** Returns the patience left, in ms; 0 or less once the peer is too slow. */
  leftMs(nowMs: number): number {
    return this.#leftMs - (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }
}
