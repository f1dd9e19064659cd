import { punchGapMs } from "../../../defaults/index.ts";
import type { Punch } from "./messages.ts";

/** What the other side says that it has begun. */
export interface Begun {
  /** Number of its latest round; 0 if it has begun none. */
  readonly round: number;
  /** Whether it has done its part of a search for a port. */
  readonly isSearch: boolean;
}

const nothing: Begun = { round: 0, isSearch: false };

/** What the other side has begun since that was looked at, which is at once, but not twice within 50 ms, however often it says so. */
export class PunchInbox {
  #unread: Begun | undefined;
  #allowedMs = -Infinity;

  put({ round, mode }: Punch): void {
    const { round: last, isSearch } = this.#unread ?? nothing;
    if (mode === "search") this.#unread = { round: last, isSearch: true };
    else this.#unread = { round: Math.max(round, last), isSearch };
  }

  /** Returns what has come, once. */
  take(nowMs: number): Begun | undefined {
    if (nowMs < this.#allowedMs) return undefined;
    const begun = this.#unread;
    this.#unread = undefined;
    if (begun) this.#allowedMs = nowMs + punchGapMs;
    return begun;
  }

  /** When {@link take} returns something, in ms of the clock; `Infinity` if there is nothing. */
  get deadlineMs(): number {
    return this.#unread ? this.#allowedMs : Infinity;
  }
}
