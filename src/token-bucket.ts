import { bucketDepthMs, minBucketBytes } from "./defaults/index.ts";

/** Returns the token bucket depth, in bytes, for a subject's rate in bytes per second. */
export function bucketDepthBytes(bytesPerSecond: number): number {
  return Math.max(minBucketBytes, (bytesPerSecond * bucketDepthMs) / 1000);
}

/** A token bucket that starts full. The caller passes the time; a time that goes back adds nothing. */
export class TokenBucket {
  #perMs: number;
  #depth: number;
  #level: number;
  #filledAtMs: number;

  /**
   * @param perSecond tokens added per second.
   * @param depth most tokens held.
   */
  constructor(perSecond: number, depth: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#depth = depth;
    this.#level = depth;
    this.#filledAtMs = nowMs;
  }

  /** Takes `amount` tokens if that many are available. Reports whether it did. */
  take(amount: number, nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#level < amount) return false;
    this.#level -= amount;
    return true;
  }

  /** Takes `amount` tokens, or as many as there are. */
  drain(amount: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#level -= Math.min(amount, this.#level);
  }

  /** Changes rate and depth. The level stays, capped at the new depth. */
  reshape(perSecond: number, depth: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#perMs = perSecond / 1000;
    this.#depth = depth;
    this.#level = Math.min(this.#level, depth);
  }

  /** Returns the time until the bucket holds `amount` if nothing more is taken, in ms; until it is full if absent. */
  missingMs(nowMs: number, amount: number = this.#depth): number {
    this.#fill(nowMs);
    return (amount - this.#level) / this.#perMs;
  }

  #fill(nowMs: number): void {
    if (nowMs <= this.#filledAtMs) return;
    this.#level = Math.min(this.#depth, this.#level + (nowMs - this.#filledAtMs) * this.#perMs);
    this.#filledAtMs = nowMs;
  }
}

/** Token buckets by name, each full when its name is first seen. Only the most recently seen names are remembered. */
export class RecentBuckets {
  readonly #perSecond: number;
  readonly #depth: number;
  readonly #maxNames: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, depth: number, maxNames: number) {
    this.#perSecond = perSecond;
    this.#depth = depth;
    this.#maxNames = maxNames;
  }

  /** Returns the bucket of a name, which is seen by that. */
  of(name: string, nowMs: number): TokenBucket {
    const bucket = this.#buckets.get(name) ?? new TokenBucket(this.#perSecond, this.#depth, nowMs);
    // Inserted again, so that the map is in the order of last use.
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > this.#maxNames) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}
