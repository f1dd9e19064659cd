import * as defaults from "../../defaults/index.ts";
import { RecentBuckets, TokenBucket } from "../../token-bucket.ts";
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

/** Budget for the STUN messages of one kind, for each source and for all together. */
export class StunPurse implements StunPayer {
  waiting = 0;
  readonly maxWaiting: number = defaults.maxWaitingStunOfKind;
  readonly #sources: RecentBuckets;
  readonly #all: TokenBucket;

  /** @param sources the buckets of the sources, by `sourceName`. */
  constructor(sources: RecentBuckets, nowMs: number) {
    this.#sources = sources;
    this.#all = new TokenBucket(defaults.stunPerKind, stunBurstOfKind, nowMs);
  }

  /** Returns itself if it pays, otherwise the refusal. */
  charge(source: Address, nowMs: number): this | Extract<StunOutcome, "rate-limited" | "flooded"> {
    if (!this.#sources.of(sourceName(source.address), nowMs).take(1, nowMs)) return "rate-limited";
    return this.#all.take(1, nowMs) ? this : "flooded";
  }
}
