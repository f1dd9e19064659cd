import { searchGapMs, searchRestMs, searchTries } from "../../../defaults/index.ts";

/** A search that has begun. */
export interface SearchTurn {
  /** Both sides do their parts: there is no other one for 10 minutes. */
  readonly spend: () => void;
  /** Ends it. */
  readonly leave: () => void;
}

/** What an IP address or a peer has of the searches. */
interface Share {
  readonly begunMs: number;
  triesLeft: number;
}

/**
 * Lets a thread have one search for a port at a time, and one a minute, whoever asks for it. An IP address, and another peer, has one in 10
 * minutes, or three of which the other side did not do its part.
 */
export class SearchGate {
  #isTaken = false;
  #begunMs = -Infinity;
  readonly #shares = new Map<string, Share>();

  /**
   * Begins a search; not if {@link waitMs} is more than 0.
   *
   * @param names of those who have a share in it.
   */
  enter(names: readonly string[], nowMs: number): SearchTurn | undefined {
    if (this.waitMs(names, nowMs) > 0) return undefined;
    this.#isTaken = true;
    this.#begunMs = nowMs;
    const shares = names.map((name) => this.#shareOf(name, nowMs));
    for (const share of shares) share.triesLeft--;
    const spend = (): void => {
      for (const share of shares) share.triesLeft = 0;
    };
    return { spend, leave: () => void (this.#isTaken = false) };
  }

  /** Returns how long to wait for a search before asking again, in ms; `Infinity` if one of these has used up its share. */
  waitMs(names: readonly string[], nowMs: number): number {
    for (const [name, { begunMs }] of this.#shares)
      if (nowMs - begunMs >= searchRestMs) this.#shares.delete(name);
    if (names.some((name) => this.#shares.get(name)?.triesLeft === 0)) return Infinity;
    const restMs = Math.max(0, this.#begunMs + searchGapMs - nowMs);
    return this.#isTaken ? Math.max(restMs, 1) : restMs;
  }

  #shareOf(name: string, nowMs: number): Share {
    const share = this.#shares.get(name) ?? { begunMs: nowMs, triesLeft: searchTries };
    this.#shares.set(name, share);
    return share;
  }
}
