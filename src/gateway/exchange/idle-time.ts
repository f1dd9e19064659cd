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
