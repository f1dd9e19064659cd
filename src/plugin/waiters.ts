import { QuicpipeError } from "../errors.ts";
import type { Identity } from "./identity.ts";

/** How many waits may be open. */
export interface WaiterLimits {
  /** Long polls and event streams in all. */
  readonly maxWaiters: number;
  /** Long polls and event streams of one subject. */
  readonly maxWaitersPerSubject: number;
}

/** Who waits, among whom, and until when at the latest. */
export interface Wait {
  readonly waiters: Waiters;
  readonly identity: Identity;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/**
 * Opens a wait in the caller's name; `anonymous` is everybody and has no limit of its own.
 *
 * @returns closes the wait.
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export function openWait({ waiters, identity }: Wait, stop: () => void): () => void {
  return waiters.open(identity.limited ? identity.subject : undefined, stop);
}

/** The long polls and event streams that are open: bounded, and all ended when the relay drains. */
export class Waiters {
  readonly #limits: WaiterLimits;
  readonly #stops = new Set<() => void>();
  readonly #bySubject = new Map<string, number>();
  #stopped = false;

  constructor(limits: WaiterLimits) {
    this.#limits = limits;
  }

  /** Waits that are open. */
  get size(): number {
    return this.#stops.size;
  }

  /**
   * Opens a wait of a subject (`undefined` for one whose own waits are not limited).
   *
   * @param stop called when the relay drains; soon if it does already.
   * @returns closes the wait; may be called again.
   * @throws ERR_QUICPIPE_WAITER_QUOTA
   */
  open(subject: string | undefined, stop: () => void): () => void {
    const own = subject === undefined ? 0 : (this.#bySubject.get(subject) ?? 0);
    if (this.#stops.size >= this.#limits.maxWaiters || own >= this.#limits.maxWaitersPerSubject)
      throw new QuicpipeError(
        "ERR_QUICPIPE_WAITER_QUOTA",
        `too many long polls and event streams are open, ${own} of them yours: close one first`,
      );
    if (this.#stopped) queueMicrotask(stop);
    this.#stops.add(stop);
    if (subject !== undefined) this.#bySubject.set(subject, own + 1);
    return () => {
      if (this.#stops.delete(stop) && subject !== undefined) this.#closed(subject);
    };
  }

  /** Ends every wait, and from here on each new one at once. */
  stopAll(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
  }

  #closed(subject: string): void {
    const left = this.#bySubject.get(subject)! - 1;
    if (left > 0) this.#bySubject.set(subject, left);
    else this.#bySubject.delete(subject);
  }
}
