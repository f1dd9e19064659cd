/** What is read of a connection for nobody. */
export interface StrayLimits {
  /** How much at once, in bytes. */
  readonly maxBytes: number;
  /** How much in the long run, in bytes per second. */
  readonly perSecond: number;
}

/**
 * The bytes of a connection that nobody waits for: what was read and belongs to no request. They are forgotten at a slow
 * rate, for whatever else a protocol has to say.
 */
export class StrayBytes {
  readonly #limits: StrayLimits;
  #bytes = 0;
  #readBytes = 0;
  #usefulBytes = 0;
  #seenAtMs: number;

  constructor(limits: StrayLimits, nowMs: number) {
    this.#limits = limits;
    this.#seenAtMs = nowMs;
  }

  /** So many bytes more were of use. */
  use(bytes: number): void {
    this.#usefulBytes += bytes;
  }

  /** What was read until now does not count. */
  skip(readBytes: number): void {
    this.#readBytes = readBytes;
    this.#usefulBytes = 0;
  }

  /** @param readBytes read so far. @returns whether there are too many that were of no use. */
  look(readBytes: number, nowMs: number): boolean {
    const { maxBytes, perSecond } = this.#limits;
    const forgotten = (Math.max(0, nowMs - this.#seenAtMs) * perSecond) / 1000;
    this.#bytes = Math.max(0, this.#bytes + readBytes - this.#readBytes - this.#usefulBytes - forgotten);
    this.#readBytes = readBytes;
    this.#usefulBytes = 0;
    this.#seenAtMs = nowMs;
    return this.#bytes > maxBytes;
  }
}
