import { TokenBucket } from "./token-bucket.ts";

/** A token bucket for each source IP, one second deep; only the most recently seen sources are remembered. */
export class SourceLimiter {
  readonly #perSecond: number;
  readonly #maxSources: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, maxSources: number) {
    this.#perSecond = perSecond;
    this.#maxSources = maxSources;
  }

  /** Sources remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Tells whether one more is allowed to `address`, and counts it. */
  take(address: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(address) ?? new TokenBucket(this.#perSecond, this.#perSecond, nowMs);
    // Set anew, so that the map's order is that of the last use.
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size > this.#maxSources) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket.take(1, nowMs);
  }
}
