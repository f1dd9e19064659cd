import { minBytesPerSecond, stallTimeoutMs } from "../../defaults/index.ts";

/**
 * Whether a peer is too slow with what is waited for: it has `defaults.stallTimeoutMs` of patience, which runs out while it
 * is waited for, and each byte buys back what it takes at `defaults.minBytesPerSecond`. What is not waited for takes
 * nothing.
 */
export class Pace {
  #leftMs = stallTimeoutMs;
  /** Since when the time runs; `undefined` while nothing is waited for. */
  #sinceMs: number | undefined;

  /** From now on the peer is waited for. */
  start(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** From now on it is not. */
  stop(nowMs: number): void {
    this.#leftMs = this.leftMs(nowMs);
    this.#sinceMs = undefined;
  }

  /** Bytes came from the peer, or went to it. */
  move(bytes: number, nowMs: number): void {
    this.#leftMs = Math.min(stallTimeoutMs, this.leftMs(nowMs) + (bytes / minBytesPerSecond) * 1000);
    if (this.#sinceMs !== undefined) this.#sinceMs = nowMs;
  }

  /** Patience that is left, in ms; 0 or less once the peer is too slow. */
  leftMs(nowMs: number): number {
    return this.#leftMs - (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }
}
