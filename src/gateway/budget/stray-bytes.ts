import { bodyFraming, maxStrayBytes, smallPieceBytes, strayBytesPerSecond } from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";

/** Limits on bytes that belong to no request. */
export interface StrayLimits {
  /** Most at a time, in bytes. */
  readonly maxBytes: number;
  /** Rate in the long run, in bytes per second. */
  readonly perSecond: number;
  /** Allowance for each byte sent to the client, in bytes, for its acknowledgements. */
  readonly perSentByte: number;
}

/**
 * The bytes that were read on a connection and belong to no request. They are forgotten at a slow rate, which leaves room for
 * the other messages of a protocol.
 */
export class StrayBytes {
  readonly #limits: StrayLimits;
  #bytes = 0;
  /** Allowance for acknowledgements that is still unused, in bytes. */
  #creditBytes = 0;
  #sentBytes = 0;
  #readBytes = 0;
  #usefulBytes = 0;
  #seenAtMs: number;

  constructor(limits: StrayLimits, nowMs: number) {
    this.#limits = limits;
    this.#seenAtMs = nowMs;
  }

  /** Stray bytes that are not forgotten yet, as of the last look. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts bytes that belong to a request. */
  use(bytes: number): void {
    this.#usefulBytes += bytes;
  }

  /** Ignores everything read until now. */
  skip(readBytes: number): void {
    this.#readBytes = readBytes;
    this.#usefulBytes = 0;
  }

  /**
   * @param readBytes read so far.
   * @param sentBytes sent so far.
   * @param laterBytes read since those, to be judged at the next look: as many of the useful bytes may belong to them.
   * @returns whether more than `maxBytes` belong to no request.
   */
  look(readBytes: number, sentBytes: number, nowMs: number, laterBytes = 0): boolean {
    const { maxBytes, perSecond, perSentByte } = this.#limits;
    const forgotten = (Math.max(0, nowMs - this.#seenAtMs) * perSecond) / 1000;
    const unclaimed = this.#bytes + readBytes - this.#readBytes - this.#usefulBytes;
    const stray = unclaimed - forgotten;
    // Unused credit is kept, as acknowledgements may come late; but no more than may come without it.
    const credit = Math.min(maxBytes, this.#creditBytes + (sentBytes - this.#sentBytes) * perSentByte);
    this.#bytes = Math.max(0, stray - credit);
    this.#creditBytes = credit - Math.min(credit, Math.max(0, stray));
    this.#readBytes = readBytes;
    this.#sentBytes = sentBytes;
    this.#usefulBytes = Math.min(laterBytes, Math.max(0, -unclaimed));
    this.#seenAtMs = nowMs;
    return this.#bytes > maxBytes;
  }
}

/**
 * The work that a connection makes with small pieces of bodies. A small piece costs the bytes that it lacks; larger ones earn
 * some, because the library cuts what a client sends at any place.
 */
export class SmallPieces {
  readonly #bucket: TokenBucket;
  #earnedBytes = 0;

  constructor(nowMs: number) {
    this.#bucket = new TokenBucket(strayBytesPerSecond, maxStrayBytes, nowMs);
  }

  /** Counts a piece of this length. Reports whether the connection may go on. */
  take(bytes: number, nowMs: number): boolean {
    if (bytes >= smallPieceBytes) {
      this.#earnedBytes = Math.min(maxStrayBytes, this.#earnedBytes + bytes * (bodyFraming - 1));
      return true;
    }
    const lacking = smallPieceBytes - bytes;
    const earned = Math.min(lacking, this.#earnedBytes);
    this.#earnedBytes -= earned;
    return this.#bucket.take(lacking - earned, nowMs);
  }
}
