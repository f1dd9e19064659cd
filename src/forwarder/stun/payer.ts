import * as defaults from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";
import type { Address } from "../../wire/address.ts";
import { sourceName } from "../../wire/source.ts";
import type { StunOutcome } from "../contract.ts";

/** Most STUN requests of one kind that may come at once. */
export const stunBurstOfKind: number = (defaults.stunPerKind * defaults.bucketDepthMs) / 1000;

/** A payer of STUN messages, with a share of the queue. */
export interface StunPayer {
  /** Number of its messages that wait. */
  waiting: number;
  readonly maxWaiting: number;
}

/** Budget for the STUN messages that name a session, or any session of a subject. */
export class StunBudget implements StunPayer {
  waiting = 0;
  readonly maxWaiting: number = defaults.maxWaitingStunOfSubject;
  /** For messages from the session's own address. */
  readonly #here: TokenBucket;
  readonly #elsewhere: TokenBucket;

  constructor(herePerSecond: number, elsewherePerSecond: number, nowMs: number) {
    this.#here = new TokenBucket(herePerSecond, herePerSecond, nowMs);
    this.#elsewhere = new TokenBucket(elsewherePerSecond, elsewherePerSecond, nowMs);
  }

  take(isHere: boolean, nowMs: number): boolean {
    return (isHere ? this.#here : this.#elsewhere).take(1, nowMs);
  }
}

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

/** Budget for the STUN messages of one kind, for each source and for all together. */
export class StunPurse implements StunPayer {
  waiting = 0;
  readonly maxWaiting: number = defaults.maxWaitingStunOfKind;
  readonly #sources: SourceLimiter;
  readonly #all: TokenBucket;

  constructor(sources: SourceLimiter, nowMs: number) {
    this.#sources = sources;
    this.#all = new TokenBucket(defaults.stunPerKind, stunBurstOfKind, nowMs);
  }

  /** Returns itself if it pays, otherwise the refusal. */
  charge(source: Address, nowMs: number): this | Extract<StunOutcome, "rate-limited" | "flooded"> {
    if (!this.#sources.take(source.address, nowMs)) return "rate-limited";
    return this.#all.take(1, nowMs) ? this : "flooded";
  }
}
