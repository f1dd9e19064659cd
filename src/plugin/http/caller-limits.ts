import { QuicpipeError } from "../../errors.ts";
import type { Identity } from "../auth/identity.ts";
import type { Limits } from "../options/limits.ts";
import { SetMap } from "../../maps.ts";
import { isWithinShare } from "../../share.ts";
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

/** A client's wait, and the set of waits it counts in. */
export interface Wait {
  readonly waiters: Waiters;
  readonly identity: Identity;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/**
 * Opens a wait on the caller's account.
 *
 * @param watch begins to watch what the client waits for; returns the function that ends that.
 * @param end called when the relay drains, the client disconnects or `timeoutMs` have passed; soon if that is so already.
 * @returns closes the wait.
 * @throws ERR_QUICPIPE_WAITER_QUOTA; errors of `watch`
 */
export function openWait(
  { waiters, identity, signal }: Wait,
  timeoutMs: number,
  watch: () => () => void,
  end: () => void,
): DisposableStack {
  // If a later step fails, the earlier ones are undone.
  using opening = new DisposableStack();
  opening.defer(waiters.open(identity.account, end));
  opening.defer(watch());
  const timer = setTimeout(end, timeoutMs);
  opening.defer(() => clearTimeout(timer));
  signal.addEventListener("abort", end);
  opening.defer(() => signal.removeEventListener("abort", end));
  if (signal.aborted) queueMicrotask(end);
  return opening.move();
}

/** The open long polls and event streams. Their number is limited, and all end when the relay drains. */
export class Waiters {
  readonly #limits: Pick<Limits, "maxWaiters" | "maxWaitersPerSubject">;
  readonly #stops = new Set<() => void>();
  readonly #byAccount = new SetMap<string, () => void>();
  #stopped = false;

  constructor(limits: Pick<Limits, "maxWaiters" | "maxWaitersPerSubject">) {
    this.#limits = limits;
  }

  /** Number of open waits. */
  get size(): number {
    return this.#stops.size;
  }

  /**
   * Opens a wait.
   *
   * @param account the account that it counts for: a name, or an address where all clients have one name.
   * @param stop called when the relay drains; soon if it already does.
   * @returns closes the wait; may be called again.
   * @throws ERR_QUICPIPE_WAITER_QUOTA
   */
  open(account: string, stop: () => void): () => void {
    const own = this.#byAccount.get(account)?.size ?? 0;
    const { maxWaitersPerSubject: one, maxWaiters: all } = this.#limits;
    if (!isWithinShare(1, { own, all: this.#stops.size }, { one, all }))
      throw new QuicpipeError(
        "ERR_QUICPIPE_WAITER_QUOTA",
        `too many long polls and event streams are open, ${own} of them yours: close one first`,
      );
    if (this.#stopped) queueMicrotask(stop);
    this.#stops.add(stop);
    this.#byAccount.add(account, stop);
    return () => {
      this.#stops.delete(stop);
      this.#byAccount.delete(account, stop);
    };
  }

  /** Ends every wait. From now on new waits end at once. */
  stopAll(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
  }
}
