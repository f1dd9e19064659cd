import { QuicpipeError } from "../../errors.ts";
import { TokenBucket } from "../../token-bucket.ts";

/**
 * Token buckets by subject: a burst of requests, then a rate per minute. When the table is full it evicts the least recently
 * seen subject, whose bucket is the likeliest to be full again.
 */
export class RateLimiter {
  readonly #perMinute: number;
  readonly #atOnce: number;
  readonly #maxSubjects: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: { perMinute: number; atOnce: number; maxSubjects: number; now: () => number }) {
    this.#perMinute = options.perMinute;
    this.#atOnce = options.atOnce;
    this.#maxSubjects = options.maxSubjects;
    this.#now = options.now;
  }

  /** Counts a request of a subject, or one that counts as several. @throws ERR_QUICPIPE_RATE_LIMITED */
  take(subject: string, requests = 1): void {
    const nowMs = this.#now();
    const bucket = this.#bucketOf(subject, nowMs);
    // A request larger than the burst takes all of it.
    const tokens = Math.min(requests, this.#atOnce);
    if (bucket.take(tokens, nowMs)) return;
    const retryAfterSeconds = Math.ceil(bucket.missingMs(nowMs, tokens) / 1000);
    throw new QuicpipeError(
      "ERR_QUICPIPE_RATE_LIMITED",
      `more than ${this.#perMinute} requests per minute: wait ${retryAfterSeconds} s`,
      { details: { retryAfterSeconds } },
    );
  }

  #bucketOf(subject: string, nowMs: number): TokenBucket {
    const known = this.#buckets.get(subject);
    const bucket = known ?? new TokenBucket(this.#perMinute / 60, this.#atOnce, nowMs);
    // A Map keeps insertion order: the most recently seen subject goes to the end.
    if (known) this.#buckets.delete(subject);
    else if (this.#buckets.size >= this.#maxSubjects) this.#forgetOldest();
    this.#buckets.set(subject, bucket);
    return bucket;
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
