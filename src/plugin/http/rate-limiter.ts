import { QuicpipeError } from "../../errors.ts";
import { RecentBuckets } from "../../token-bucket.ts";

/**
 * Token buckets by subject: a burst of requests, then a rate per minute. Of too many subjects the least recently seen is
 * forgotten, whose bucket is the likeliest to be full again.
 */
export class RateLimiter {
  readonly #perMinute: number;
  readonly #atOnce: number;
  readonly #now: () => number;
  readonly #buckets: RecentBuckets;

  constructor(options: { perMinute: number; atOnce: number; maxSubjects: number; now: () => number }) {
    this.#perMinute = options.perMinute;
    this.#atOnce = options.atOnce;
    this.#now = options.now;
    this.#buckets = new RecentBuckets(options.perMinute / 60, options.atOnce, options.maxSubjects);
  }

  /** Counts a request of a subject, or one that counts as several. @throws ERR_QUICPIPE_RATE_LIMITED */
  take(subject: string, requests = 1): void {
    const nowMs = this.#now();
    const bucket = this.#buckets.of(subject, nowMs);
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
}
