import { sourceName } from "../../wire/source.ts";
import { TokenBucket } from "../../token-bucket.ts";

/** A token bucket for each source (an IPv4 address or IPv6 /64), one second deep. Only the most recently seen sources are remembered. */
export class SourceLimiter {
  readonly #perSecond: number;
  readonly #maxSources: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, maxSources: number) {
    this.#perSecond = perSecond;
    this.#maxSources = maxSources;
  }

  /** Reports whether the source of an IP literal may send one more, and counts it. */
  take(address: string, nowMs: number): boolean {
    const source = sourceName(address);
    const bucket = this.#buckets.get(source) ?? new TokenBucket(this.#perSecond, this.#perSecond, nowMs);
    // Inserted again, so that the map is in the order of last use.
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > this.#maxSources) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket.take(1, nowMs);
  }
}
