import { fieldBurstBytes, fieldBytesPerSecond, usualFieldBytes } from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";

/**
 * The rate of header fields of one scope, by their size once decoded. HPACK lets a client name a field of 4 KB with one byte
 * (RFC 9113 §10.5.1), so that what it sends says little about the work that it makes. Usual requests are free.
 */
export class FieldRate {
  readonly #bucket: TokenBucket;
  readonly #parent: FieldRate | undefined;

  /**
   * @param factor of the limits of a connection.
   * @param parent the wider scope in which its bytes count as well.
   */
  constructor(factor: number, parent?: FieldRate) {
    this.#bucket = new TokenBucket(fieldBytesPerSecond * factor, fieldBurstBytes * factor, 0);
    this.#parent = parent;
  }

  /** Counts the header fields of a request. Reports whether they are within the limits. */
  take(costBytes: number, nowMs: number): boolean {
    return this.#drain(Math.max(0, costBytes - usualFieldBytes), nowMs);
  }

  #drain(bytes: number, nowMs: number): boolean {
    return this.#bucket.take(bytes, nowMs) && (!this.#parent || this.#parent.#drain(bytes, nowMs));
  }
}
