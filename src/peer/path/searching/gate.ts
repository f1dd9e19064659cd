import { searchRestMs } from "../../../defaults/index.ts";

/** Lets a process have one search for a port at a time, and none at an IP address that had one in the last 10 minutes. */
export class SearchGate {
  #isTaken = false;
  /** When each began, the oldest first. */
  readonly #begunMs = new Map<string, number>();

  /** Begins a search. Returns what ends it; `undefined` if it may not begin. */
  enter(ip: string, nowMs: number): (() => void) | undefined {
    for (const [each, begunMs] of this.#begunMs)
      if (nowMs - begunMs >= searchRestMs) this.#begunMs.delete(each);
    if (this.#isTaken || this.#begunMs.has(ip)) return undefined;
    this.#isTaken = true;
    this.#begunMs.set(ip, nowMs);
    return () => {
      this.#isTaken = false;
    };
  }
}
