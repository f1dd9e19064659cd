import { maxWaitingStun, stunBatch, stunSliceMs } from "../../defaults/index.ts";
import type { PeerAddress } from "../../wire/address.ts";
import type { StunOutcome } from "../contract.ts";
import type { StunPayer } from "./payer.ts";

/** A queue to read: the STUN messages of dgram, the upcalls of native. */
export interface ReadableQueue {
  /** Hands over up to `max` of them, in their order. Returns `false` if there was none. */
  deliver(max: number): boolean;
}

/** Reads a queue in slices, one in each turn of the event loop. However fast it fills, other work gets its turns. */
export class QueueReader {
  readonly #queue: () => ReadableQueue;
  #isScheduled = false;

  /** @param queue called when there is something to read. */
  constructor(queue: () => ReadableQueue) {
    this.#queue = queue;
  }

  /** Schedules reading, from the next turn on. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#read());
  }

  #read(): void {
    const untilMs = performance.now() + stunSliceMs;
    let hasMore = true;
    this.#isScheduled = false;
    try {
      while (hasMore && performance.now() < untilMs) hasMore = this.#queue().deliver(stunBatch);
    } finally {
      // After an exception too, because nothing else would schedule the rest.
      if (hasMore) this.schedule();
    }
  }
}

/** A waiting STUN message and its payer. */
interface Waiting {
  readonly datagram: Uint8Array;
  readonly source: PeerAddress;
  readonly payer: StunPayer;
}

/**
 * The STUN messages that wait to be answered, in their order. Each payer has a share of the places, so that there is room for
 * others. src/forwarder/native/stun/upcalls.c has the same rules.
 */
export class StunQueue implements ReadableQueue {
  readonly #answer: (datagram: Uint8Array, source: PeerAddress) => void;
  #waiting: Waiting[] = [];

  constructor(answer: (datagram: Uint8Array, source: PeerAddress) => void) {
    this.#answer = answer;
  }

  /** Adds a message. Returns the reason if there is no room. */
  add(
    datagram: Uint8Array,
    source: PeerAddress,
    payer: StunPayer,
  ): Extract<StunOutcome, "over-share" | "overloaded"> | undefined {
    if (payer.waiting >= payer.maxWaiting) return "over-share";
    if (this.#waiting.length >= maxWaitingStun) return "overloaded";
    this.#waiting.push({ datagram, source, payer });
    payer.waiting++;
    return undefined;
  }

  /** Answers up to `max` messages one by one, so that an exception costs none of the others. Returns `false` if there was none. */
  deliver(max: number): boolean {
    const hasSome = this.#waiting.length > 0;
    for (let left = max; left > 0 && this.#waiting.length > 0; left--) {
      const { datagram, source, payer } = this.#waiting.shift()!;
      payer.waiting--;
      this.#answer(datagram, source);
    }
    return hasSome;
  }

  /** Forgets all waiting messages. */
  clear(): void {
    for (const { payer } of this.#waiting) payer.waiting--;
    this.#waiting = [];
  }
}
