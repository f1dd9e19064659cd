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

/** Fraction of the idle time that each request gives back. */
const requestShare = 1 / 15;

/** Longest times that a connection may be without requests, in ms. */
export interface IdleLimits {
  readonly limitMs: number;
  /** Limit until the first request. */
  readonly firstMs: number;
}

/**
 * Idle time of a connection, which runs out while no request is open. Each request gives a fifteenth of the limit back, so that
 * a connection that rare requests keep alive ends too.
 */
export class IdleTime {
  readonly #limitMs: number;
  #leftMs: number;
  /** Start of the current idle period; `undefined` while a request is open. */
  #sinceMs: number | undefined;
  #isFirst = true;

  constructor({ limitMs, firstMs }: IdleLimits, nowMs: number) {
    this.#limitMs = limitMs;
    this.#leftMs = firstMs;
    this.#sinceMs = nowMs;
  }

  /** Notes that a request begins. */
  begin(nowMs: number): void {
    const leftMs = this.#isFirst ? this.#limitMs : this.leftMs(nowMs);
    this.#isFirst = false;
    this.#leftMs = Math.min(this.#limitMs, leftMs + this.#limitMs * requestShare);
    this.#sinceMs = undefined;
  }

  /** Notes that the last open request has ended. */
  rest(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** Returns the time left, in ms; 0 or less once the connection has been idle for too long. */
  leftMs(nowMs: number): number {
    return this.#leftMs - (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }
}
