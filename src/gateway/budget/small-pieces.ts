import { bodyFraming, maxStrayBytes, smallPieceBytes, strayBytesPerSecond } from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";

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
