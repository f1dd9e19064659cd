import { sourceName } from "../../wire/source.ts";
import { TokenBucket } from "../../token-bucket.ts";

/**
 * A token bucket for each source (an IPv4 address, an IPv6 /64), one second deep; only the most recently seen sources
 * are remembered.
 */
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

  /** Tells whether one more is allowed to the source of an IP literal, and counts it. */
  take(address: string, nowMs: number): boolean {
    const source = sourceName(address);
    const bucket = this.#buckets.get(source) ?? new TokenBucket(this.#perSecond, this.#perSecond, nowMs);
    // Set anew, so that the map's order is that of the last use.
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > this.#maxSources) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket.take(1, nowMs);
  }
}
