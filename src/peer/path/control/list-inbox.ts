import { candidateListsPerMinute } from "../../../defaults/index.ts";
import { TokenBucket } from "../../../token-bucket.ts";
import type { CandidateList } from "./messages.ts";

/** The other side's last list of candidates, until it is looked at: 16 a minute, after all that came with it has been read. */
export class ListInbox {
  readonly #bucket: TokenBucket;
  #generation = 0;
  #unread: CandidateList | undefined;
  #nowMs = 0;

  constructor(nowMs: number) {
    this.#bucket = new TokenBucket(candidateListsPerMinute / 60, candidateListsPerMinute, nowMs);
  }

  /** Whether no list has come yet. */
  get isEmpty(): boolean {
    return this.#generation === 0;
  }

  /** Takes a list, unless it is older than the last. */
  put(list: CandidateList, nowMs: number): void {
    this.#nowMs = nowMs;
    if (list.generation <= this.#generation) return;
    this.#generation = list.generation;
    this.#unread = list;
  }

  /** Returns the last list, once, if it is not one of too many. */
  take(nowMs: number): CandidateList | undefined {
    this.#nowMs = nowMs;
    if (!this.#unread || !this.#bucket.take(1, nowMs)) return undefined;
    const list = this.#unread;
    this.#unread = undefined;
    return list;
  }

  /** When {@link take} returns a list; `Infinity` if there is none. */
  get deadlineMs(): number {
    return this.#unread ? this.#nowMs + Math.max(0, this.#bucket.missingMs(this.#nowMs, 1)) : Infinity;
  }
}
