/** A request gives back this part of the time that a connection may be idle. */
const requestShare = 1 / 15;

/** How long a connection may be without requests, in ms. */
export interface IdleLimits {
  readonly limitMs: number;
  /** Until the first one. */
  readonly firstMs: number;
}

/**
 * How long a connection may be without requests: a time that runs out while none is open, and of which each request gives a
 * fifteenth back. So one that asks once in a while, to be kept, ends too.
 */
export class IdleTime {
  readonly #limitMs: number;
  #leftMs: number;
  /** Since when no request is open; `undefined` while one is. */
  #sinceMs: number | undefined;
  #isFirst = true;

  constructor({ limitMs, firstMs }: IdleLimits, nowMs: number) {
    this.#limitMs = limitMs;
    this.#leftMs = firstMs;
    this.#sinceMs = nowMs;
  }

  /** A request begins. */
  begin(nowMs: number): void {
    const leftMs = this.#isFirst ? this.#limitMs : this.leftMs(nowMs);
    this.#isFirst = false;
    this.#leftMs = Math.min(this.#limitMs, leftMs + this.#limitMs * requestShare);
    this.#sinceMs = undefined;
  }

  /** The last request that was open has ended. */
  rest(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** Time that is left, in ms; 0 or less once the connection has been idle for too long. */
  leftMs(nowMs: number): number {
    return this.#leftMs - (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }
}
