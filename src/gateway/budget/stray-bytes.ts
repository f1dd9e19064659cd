/** What is read of a connection for nobody. */
export interface StrayLimits {
  /** How much at once, in bytes. */
  readonly maxBytes: number;
  /** How much in the long run, in bytes per second. */
  readonly perSecond: number;
  /** How much for each byte that the client is sent, to tell what it took. */
  readonly perSentByte: number;
}

/**
 * The bytes of a connection that nobody waits for: what was read and belongs to no request. They are forgotten at a slow
 * rate, for whatever else a protocol has to say.
 */
export class StrayBytes {
  readonly #limits: StrayLimits;
  #bytes = 0;
  /** Bytes that the client may still send about what it was sent. */
  #creditBytes = 0;
  #sentBytes = 0;
  #readBytes = 0;
  #usefulBytes = 0;
  #seenAtMs: number;

  constructor(limits: StrayLimits, nowMs: number) {
    this.#limits = limits;
    this.#seenAtMs = nowMs;
  }

  /** Those that are not forgotten yet, as of the last look. */
  get bytes(): number {
    return this.#bytes;
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

  /**
   * @param readBytes read so far.
   * @param sentBytes sent so far.
   * @returns whether there are too many that were of no use.
   */
  look(readBytes: number, sentBytes: number, nowMs: number): boolean {
    const { maxBytes, perSecond, perSentByte } = this.#limits;
    const forgotten = (Math.max(0, nowMs - this.#seenAtMs) * perSecond) / 1000;
    const stray = this.#bytes + readBytes - this.#readBytes - this.#usefulBytes - forgotten;
    // Kept for later, as what is sent may be on its way for long; but no more than could come without it.
    const credit = Math.min(maxBytes, this.#creditBytes + (sentBytes - this.#sentBytes) * perSentByte);
    this.#bytes = Math.max(0, stray - credit);
    this.#creditBytes = credit - Math.min(credit, Math.max(0, stray));
    this.#readBytes = readBytes;
    this.#sentBytes = sentBytes;
    this.#usefulBytes = 0;
    this.#seenAtMs = nowMs;
    return this.#bytes > maxBytes;
  }
}
