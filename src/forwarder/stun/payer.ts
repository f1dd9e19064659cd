import * as defaults from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";
import type { Address } from "../../wire/address.ts";
import type { StunOutcome } from "../contract.ts";
import type { SourceLimiter } from "./source-limiter.ts";

/** Most STUN requests of one kind that may come at once. */
export const stunBurstOfKind: number = (defaults.stunPerKind * defaults.bucketDepthMs) / 1000;

/** Who pays for STUN messages, and has a share of what waits to be answered. */
export interface StunPayer {
  /** How many of them wait. */
  waiting: number;
  readonly maxWaiting: number;
}

/** What pays for the STUN messages that name a session, or any session of a subject. */
export class StunBudget implements StunPayer {
  waiting = 0;
  readonly maxWaiting: number = defaults.maxWaitingStunOfSubject;
  /** From the session's own address. */
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

/** What pays for the STUN messages of one kind, each source out of its own and all together. */
export class StunPurse implements StunPayer {
  waiting = 0;
  readonly maxWaiting: number = defaults.maxWaitingStunOfKind;
  readonly #sources: SourceLimiter;
  readonly #all: TokenBucket;

  constructor(sources: SourceLimiter, nowMs: number) {
    this.#sources = sources;
    this.#all = new TokenBucket(defaults.stunPerKind, stunBurstOfKind, nowMs);
  }

  /** Returns itself if it pays, or else why not. */
  charge(source: Address, nowMs: number): this | Extract<StunOutcome, "rate-limited" | "flooded"> {
    if (!this.#sources.take(source.address, nowMs)) return "rate-limited";
    return this.#all.take(1, nowMs) ? this : "flooded";
  }
}
