import * as defaults from "../defaults.ts";
import type { TokenBucket } from "../token-bucket.ts";
import type { PeerAddress } from "../wire/address.ts";
import type { StunOutcome } from "./contract.ts";
import type { ReportSource } from "./report-reader.ts";

/** A STUN message that waits, and who pays for it. */
interface Waiting {
  readonly datagram: Uint8Array;
  readonly source: PeerAddress;
  readonly payer: TokenBucket;
}

/** What a {@link StunQueue} is made with. */
export interface StunQueueOptions {
  /** Pays for all strangers. */
  readonly strangers: TokenBucket;
  readonly answer: (datagram: Uint8Array, source: PeerAddress) => void;
}

/**
 * The STUN messages that wait to be answered, in their order. Strangers together have a share of the places, and so has
 * each subject, so that there is room for others. src/forwarder/native/reports.c has the same rules.
 */
export class StunQueue implements ReportSource {
  readonly #options: StunQueueOptions;
  readonly #waitingOf = new Map<TokenBucket, number>();
  #waiting: Waiting[] = [];

  constructor(options: StunQueueOptions) {
    this.#options = options;
  }

  /** Takes a message; says why if there is no room. */
  add(
    datagram: Uint8Array,
    source: PeerAddress,
    payer: TokenBucket,
  ): Extract<StunOutcome, "over-share" | "overloaded"> | undefined {
    const ofPayer = this.#waitingOf.get(payer) ?? 0;
    if (ofPayer >= this.#shareOf(payer)) return "over-share";
    if (this.#waiting.length >= defaults.maxWaitingStun) return "overloaded";
    this.#waiting.push({ datagram, source, payer });
    this.#waitingOf.set(payer, ofPayer + 1);
    return undefined;
  }

  /** Answers up to `max` messages, one by one, so that an exception costs none of the others; false if there was none. */
  deliver(max: number): boolean {
    const hasSome = this.#waiting.length > 0;
    for (let left = max; left > 0 && this.#waiting.length > 0; left--) {
      const { datagram, source, payer } = this.#waiting.shift()!;
      this.#leave(payer);
      this.#options.answer(datagram, source);
    }
    return hasSome;
  }

  /** Forgets all that wait. */
  clear(): void {
    this.#waiting = [];
    this.#waitingOf.clear();
  }

  #leave(payer: TokenBucket): void {
    const left = this.#waitingOf.get(payer)! - 1;
    if (left > 0) this.#waitingOf.set(payer, left);
    else this.#waitingOf.delete(payer);
  }

  #shareOf(payer: TokenBucket): number {
    const isOfStrangers = payer === this.#options.strangers;
    return isOfStrangers ? defaults.maxWaitingStunOfStrangers : defaults.maxWaitingStunOfSubject;
  }
}
