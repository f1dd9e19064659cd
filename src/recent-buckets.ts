import { TokenBucket } from "./token-bucket.ts";

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
